namespace Mesh.Resources.Validation;

/// <summary>Collects the errors of one document. One thread.</summary>
internal sealed class ErrorSink
{
    /// <summary>A document with more errors than this is not the one that was meant; the rest would only fill the screen.</summary>
    private const int maxErrors = 200;

    private readonly List<ResourceError> errors = [];

    public IReadOnlyList<ResourceError> Errors => errors;

    public void Add(string path, ErrorReason reason, string message)
    {
        if (errors.Count < maxErrors)
            errors.Add(new ResourceError(path, reason, message));
    }
}
