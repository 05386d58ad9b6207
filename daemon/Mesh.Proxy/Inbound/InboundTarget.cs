using System.Runtime.CompilerServices;
using Mesh.Http.ProxyProtocol;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Policy;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Inbound;

/// <summary>What a client wants of a local workload: its identity (null for plaintext), its address, and the application's port.</summary>
internal sealed class InboundTarget(ProxyContext context, LocalWorkloadState local, SpiffeId? principal, IpPort client, IpPort application)
{
    public LocalWorkloadState Local => local;
    public IpPort Application => application;
    public IpPort Client => client;

    private Snapshot Snapshot => context.Snapshots.Current;
    private WorkloadModel? Model => LocalWorkloadState.ModelOf(Snapshot, local.Uid);
    private InboundPolicy Policy => Model?.Policy ?? InboundPolicy.Default;
    private InboundPort? Port => Model?.Ports.GetValueOrDefault(application.Port);

    /// <summary>Requests are looked at where a policy or the port's protocol asks for it; otherwise bytes are copied.</summary>
    public bool IsHttp =>
        Port?.Protocol is AppProtocol.Http1 or AppProtocol.Http2 or AppProtocol.Grpc || (Port?.Protocol is not (AppProtocol.Tcp or AppProtocol.Tls) && Policy.NeedsHttp(application.Port));

    /// <summary>What the application speaks; null where nobody said so: what its client speaks.</summary>
    public bool? IsHttp2 => Port?.Protocol switch
    {
        AppProtocol.Http2 or AppProtocol.Grpc => true,
        AppProtocol.Http1 => false,
        _ => null,
    };


    /// <summary>TLS whose server name a policy asks for.</summary>
    public bool NeedsServerName => Port?.Protocol == AppProtocol.Tls && Policy.NeedsHttp(application.Port);

    /// <summary>Nobody said what the port speaks: it may be TLS where HTTP is expected.</summary>
    public bool IsUndeclared => Port?.Protocol is null or AppProtocol.Detect;

    /// <summary>As in the label request_protocol, before any byte was seen.</summary>
    public string OpaqueProtocol => Port?.Protocol == AppProtocol.Tls ? "tls" : "tcp";

    /// <exception cref="ProxyException">Denied, with the rule that decided; or nobody knows the rules yet, which is no permission either.</exception>
    /// <param name="httpPending">What the connection asks for is not known yet.</param>
    /// <param name="serverName">Of an opaque connection of TLS.</param>
    public void Authorize(Mesh.Http.RequestHead? request, bool httpPending, ReadOnlyMemory<byte> serverName = default)
    {
        if (Model is null)
            throw new ProxyException(new Failure(ResponseFlag.CD, FailureSide.Mesh, FailureStage.Connect,
                $"the policies of {local.Uid} have not arrived yet", RetrySafe: true) { Status = 503 });
        var decision = Policy.Decide(new AccessQuestion(principal, client.Address, application.Port, request, httpPending) { ServerName = serverName });
        if (decision.Allowed) return;
        var flag = principal is null && Policy.Mtls.IsStrict(application.Port) ? ResponseFlag.TLS : ResponseFlag.UAEX;
        throw new ProxyException(new Failure(flag, FailureSide.Mesh, FailureStage.Policy, decision.Reason));
    }

    /// <summary>Connects to the application inside its namespace, from the client's own address where the kernel can do that.</summary>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<Connection> ConnectAsync(Loop loop)
    {
        bool usable = client.Address != application.Address && client.Address.IsV4 == application.Address.IsV4;
        IpPort? source = usable ? new IpPort(client.Address, 0) : null;
        var options = new ConnectOptions(TrafficSettings.Default.ConnectTimeout, source, context.Options.Mark);
        try
        {
            var connection = await local.Sockets.ConnectAsync(loop, application, options);
            if (Model is { } model && Snapshot.SendsProxyHeader(model, application.Port)) await SendProxyHeader(connection);
            return connection;
        }
        catch (ConnectionBrokenException error)
        {
            throw new ProxyException(new Failure(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect,
                $"the application of {local.Uid} does not answer on port {application.Port}: {error.Message}"), error);
        }
    }

    private async ValueTask SendProxyHeader(Connection connection)
    {
        try
        {
            await ProxyHeaderWriter.SendAsync(connection.Output, client, application, principal);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public TelemetryModel Telemetry => Snapshot.TelemetryOfWorkload(local.Uid);

    public TrafficParties Parties(string protocol)
    {
        var snapshot = Snapshot;
        var peer = snapshot.WorkloadsByAddress.GetValueOrDefault(client.Address);
        // The address is only a hint for names; where it contradicts the certificate, the certificate is right.
        if (peer is not null && principal is not null && peer.Identity != principal) peer = null;
        return TrafficParties.AtDestination(peer, principal, local, local.IdentityIn(snapshot.TrustDomain), Port, protocol);
    }
}
