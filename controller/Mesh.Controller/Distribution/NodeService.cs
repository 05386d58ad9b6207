using Google.Protobuf;
using Mesh.Controller.Identity;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;

namespace Mesh.Controller.Distribution;

/// <summary>NodeService: joining, certificates, trust roots. A node gets certificates only for itself and for the identities of
/// workloads that the controller knows to run on it.</summary>
internal sealed class NodeService(
    CertificateAuthority authority, JoinTokens tokens, NodeIdentityIndex identities, NodeDirectory nodes, DistributionLog log)
{
    /// <summary>Addresses of one machine; those beyond are not kept.</summary>
    public const int MaxAddresses = 64;

    private const string Bearer = "Bearer ";

    public async Task<JoinResponse> JoinAsync(GrpcServerCall call, JoinRequest request)
    {
        try
        {
            var addresses = CheckJoin(call, request);
            // The request is checked before the token is used, so that a mistake does not cost the token.
            var issued = authority.IssueNode(request.Node, request.Csr.Span);
            tokens.Redeem(Token(call), request.Node, request.Csr.Span);
            await nodes.Entry(request.Node).JoinedAsync(addresses, request.Version);
            log.Joined(request.Node, call.PeerAddress, request.Version);
            var response = new JoinResponse { TrustDomain = authority.TrustDomain };
            response.CertificateChain.AddRange(Messages(issued.Chain));
            response.TrustRoots.AddRange(Messages(authority.TrustRoots));
            return response;
        }
        catch (Exception error) when (error is GrpcException or JoinTokenException or InvalidSigningRequestException)
        {
            log.JoinRefused(Shown(request.Node), call.PeerAddress, error.Message);
            throw Status(error);
        }
    }

    public Task<SignResponse> SignAsync(GrpcServerCall call, SignRequest request)
    {
        string node = NodePeer.Require(call, authority.TrustDomain);
        try
        {
            var issued = Issue(node, request);
            log.CertificateIssued(request.Identity, node, issued.NotAfter);
            var response = new SignResponse();
            response.CertificateChain.AddRange(Messages(issued.Chain));
            response.TrustRoots.AddRange(Messages(authority.TrustRoots));
            return Task.FromResult(response);
        }
        catch (Exception error) when (error is GrpcException or InvalidSigningRequestException)
        {
            log.CertificateRefused(Shown(request.Identity), node, call.PeerAddress, error.Message);
            throw Status(error);
        }
    }

    public Task<TrustRootsResponse> TrustRootsAsync(GrpcServerCall call, TrustRootsRequest request)
    {
        NodePeer.Require(call, authority.TrustDomain);
        var response = new TrustRootsResponse { TrustDomain = authority.TrustDomain };
        response.TrustRoots.AddRange(Messages(authority.TrustRoots));
        return Task.FromResult(response);
    }

    private List<Ip> CheckJoin(GrpcServerCall call, JoinRequest request)
    {
        if (!MeshUri.IsDnsName(request.Node))
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"'{Shown(request.Node)}' is not the name of a node: use a DNS name in lower case");
        if (request.Version.Length > 100) throw new GrpcException(GrpcStatusCode.InvalidArgument, "the version has more than 100 characters");
        if (call.Metadata.Get("authorization") is null)
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "joining needs a token: authorization: Bearer <token>");
        // A token for any node must not take the name, and so the workloads, of a machine that is alive.
        if (nodes.IsConnected(request.Node))
        {
            throw new GrpcException(
                GrpcStatusCode.AlreadyExists, $"a node named '{request.Node}' is connected: give this machine another name or stop that one first");
        }
        return Addresses.Read(request.Addresses.Take(MaxAddresses));
    }

    private static string Token(GrpcServerCall call)
    {
        string header = call.Metadata.Get("authorization")!;
        return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : throw new GrpcException(GrpcStatusCode.Unauthenticated, "authorization is not a bearer token");
    }

    private IssuedCertificate Issue(string node, SignRequest request)
    {
        if (request.Identity == MeshUri.Node(authority.TrustDomain, node)) return authority.IssueNode(node, request.Csr.Span);
        if (!SpiffeId.TryParse(request.Identity, out var identity))
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"'{Shown(request.Identity)}' is not a workload identity: spiffe://{authority.TrustDomain}/ns/<namespace>/sa/<service account>");
        }
        if (identity.TrustDomain != authority.TrustDomain)
            throw new GrpcException(GrpcStatusCode.PermissionDenied, $"this controller issues for trust domain '{authority.TrustDomain}' only");
        bool runsThere = nodes.Entry(node).Reported.Contains((identity.Namespace, identity.ServiceAccount)) || identities.Runs(node, identity);
        return runsThere
            ? authority.IssueWorkload(identity, request.Csr.Span)
            : throw new GrpcException(
                GrpcStatusCode.PermissionDenied,
                $"no workload with service account '{identity.Namespace}/{identity.ServiceAccount}' is known to run on node '{node}'");
    }

    private static GrpcException Status(Exception error) => error switch
    {
        GrpcException known => known,
        JoinTokenException { Problem: JoinTokenProblem.WrongNode } => new(GrpcStatusCode.PermissionDenied, error.Message),
        JoinTokenException => new(GrpcStatusCode.Unauthenticated, error.Message),
        _ => new(GrpcStatusCode.InvalidArgument, error.Message),
    };

    private static string Shown(string text) => text.Length <= 300 ? text : text[..300] + "…";

    private static IEnumerable<ByteString> Messages(IEnumerable<byte[]> certificates) => certificates.Select(static der => ByteString.CopyFrom(der));
}
