using Mesh.Controller.Identity;
using Mesh.Protocol.Grpc;

namespace Mesh.Controller.Distribution;

/// <summary>Who calls, by the certificate that the transport has verified.</summary>
internal static class NodePeer
{
    /// <returns>The node's name.</returns>
    /// <exception cref="GrpcException">Unauthenticated: no certificate. PermissionDenied: a certificate that is not a node's.</exception>
    public static string Require(GrpcServerCall call, string trustDomain)
    {
        if (call.PeerUri is null)
        {
            throw new GrpcException(
                GrpcStatusCode.Unauthenticated, "this call needs the node's client certificate: join first, with a token from meshctl token create");
        }
        return MeshUri.NodeName(trustDomain, call.PeerUri)
            ?? throw new GrpcException(GrpcStatusCode.PermissionDenied, $"'{call.PeerUri}' is not a node of trust domain '{trustDomain}'");
    }
}
