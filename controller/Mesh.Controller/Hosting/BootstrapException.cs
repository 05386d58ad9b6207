using Mesh.Resources.Validation;

namespace Mesh.Controller.Hosting;

/// <summary>The configured resources are wrong.</summary>
internal sealed class BootstrapException(IReadOnlyList<ResourceError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    public IReadOnlyList<ResourceError> Errors { get; } = errors;
}
