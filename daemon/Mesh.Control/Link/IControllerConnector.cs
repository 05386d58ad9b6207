using Mesh.Control.Identity;
using Mesh.Protocol.Grpc;

namespace Mesh.Control.Link;

/// <summary>Connects to the controller. On the control loop.</summary>
public interface IControllerConnector
{
    /// <param name="certificate">The node's; null before it has joined.</param>
    /// <param name="roots">DER: who may have signed the controller's certificate.</param>
    /// <exception cref="IOException">No connection: nobody there, or TLS failed, or it is not the controller.</exception>
    Task<IControllerChannel> ConnectAsync(HeldCertificate? certificate, IReadOnlyList<byte[]> roots);
}

/// <summary>A connection to the controller. Disposing ends it and every call on it.</summary>
public interface IControllerChannel : IGrpcTransport, IAsyncDisposable
{
    /// <summary>For logs.</summary>
    string Remote { get; }
}
