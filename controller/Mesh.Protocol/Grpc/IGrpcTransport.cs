using System.IO.Pipelines;

namespace Mesh.Protocol.Grpc;

/// <summary>A connection to a gRPC server, whatever HTTP/2 is made of below it.</summary>
public interface IGrpcTransport
{
    /// <summary>Starts a call: sends its head, does not wait for the answer's.</summary>
    /// <exception cref="IOException">The connection is broken or being closed.</exception>
    ValueTask<IGrpcCall> OpenAsync(string path, GrpcMetadata metadata);
}

/// <summary>One call as bytes. One reader and one writer at a time. Disposing cancels what has not ended.</summary>
public interface IGrpcCall : IAsyncDisposable
{
    /// <summary>Completing it ends the request; the answer goes on.</summary>
    PipeWriter Output { get; }

    /// <summary>Ends when the server ended the call; a broken stream throws <see cref="IOException"/>. An answer that is not gRPC throws
    /// <see cref="GrpcException"/>.</summary>
    PipeReader Input { get; }

    /// <summary>The status, once <see cref="Input"/> has ended.</summary>
    ValueTask<GrpcStatus> FinishAsync();
}
