using System.IO.Pipelines;

namespace Mesh.Protocol.Grpc;

/// <summary>One call as the server sees it. Its HTTP implementation sends the status that the router returns as trailers.</summary>
public abstract class GrpcServerCall
{
    public abstract string Path { get; }

    public abstract GrpcMetadata Metadata { get; }

    /// <summary>The URI of the verified client certificate; null when the client presented none.</summary>
    public abstract string? PeerUri { get; }

    /// <summary>For logs.</summary>
    public abstract string PeerAddress { get; }

    public abstract PipeReader Input { get; }

    public abstract PipeWriter Output { get; }

    /// <summary>Cancelled when the client or the connection ended the call.</summary>
    public abstract CancellationToken Ended { get; }
}
