using Mesh.Protocol.Config;

namespace Mesh.Resources.Compile;

/// <summary>Outcome of one parentRef.</summary>
/// <param name="Parents">Where the route takes effect; empty when it was not accepted.</param>
/// <param name="Reason">Reason of the condition Accepted, as in Gateway API.</param>
internal sealed record Attachment(IReadOnlyList<ParentRef> Parents, string Reason, string Message)
{
    public bool Accepted => Parents.Count > 0;

    /// <summary>Without one of its parents, which another route has.</summary>
    public Attachment Without(ParentRef lost, string reason, string message)
    {
        List<ParentRef> left = [.. Parents.Where(parent => !parent.Equals(lost))];
        return left.Count == 0 ? new Attachment([], reason, message) : new Attachment(left, Reason, $"{Message}; not everywhere: {message}");
    }
}
