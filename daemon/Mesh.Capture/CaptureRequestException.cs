using Mesh.NodeSocket;

namespace Mesh.Capture;

/// <summary>A request that is not carried out; the plugin shows the message to the operator.</summary>
public sealed class CaptureRequestException(NodeErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public NodeErrorKind Kind { get; } = kind;
}
