using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Identity;
using Mesh.Proxy.Workloads;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Upstream;

/// <summary>Which tunnel streams may share a connection: those of one source workload to one destination with one identity.</summary>
internal readonly record struct TunnelKey(string Source, Ip Destination, ushort Port, SpiffeId Identity);

/// <summary>HBONE connections of one loop: mTLS from the source workload's identity, HTTP/2 CONNECT, one stream per upstream connection.
/// A connection is opened by the first who needs it; those who come meanwhile wait for the same attempt.</summary>
internal sealed class TunnelPool(ProxyContext context, Loop loop)
{
    private static readonly string[] Alpn = ["h2"];

    private readonly Dictionary<TunnelKey, List<Tunnel>> tunnels = [];

    /// <exception cref="ProxyException">No identity, denied by the peer, or the peer cannot reach the application.</exception>
    /// <exception cref="ConnectionBrokenException">The peer's node cannot be reached or is not who it should be.</exception>
    public async ValueTask<Connection> OpenAsync(UpstreamRequest request)
    {
        var workload = request.Endpoint.Workload;
        var source = request.Source ?? throw new ProxyException(new Failure(ResponseFlag.ID, FailureSide.Mesh, FailureStage.Connect,
            $"a gateway has no identity to reach {workload.Uid} through a tunnel; set the workload's tunnel to None or enrol the gateway"));
        var key = new TunnelKey(source.Uid, request.Endpoint.Target.Address, workload.TunnelPort, workload.Identity);
        var tunnel = Find(key) ?? Start(key, source, request.Timeout);
        tunnel.Reserved++;
        try
        {
            var http2 = await tunnel.Ready;
            return await Connect(http2, request);
        }
        finally
        {
            tunnel.Reserved--;
        }
    }

    /// <summary>Closes the connections of a workload that has left this machine.</summary>
    public void CloseOf(string uid)
    {
        foreach (var (key, list) in tunnels.Where(pair => pair.Key.Source == uid).ToList())
        {
            // Out of the table first: a tunnel that ends takes itself out of its list.
            tunnels.Remove(key);
            foreach (var tunnel in list.ToArray()) tunnel.Http2?.Abort();
        }
    }

    private sealed class Tunnel
    {
        public required Task<Http2Connection> Ready { get; set; }
        public Http2Connection? Http2 { get; set; }

        /// <summary>Streams that wait for the connection or for their answer.</summary>
        public int Reserved { get; set; }
    }

    private Tunnel? Find(in TunnelKey key)
    {
        if (!tunnels.TryGetValue(key, out var list)) return null;
        foreach (var tunnel in list)
        {
            bool usable = tunnel.Http2 is null ? !tunnel.Ready.IsCompleted : tunnel.Http2.CanOpen;
            int active = tunnel.Reserved + (tunnel.Http2?.ActiveStreams ?? 0);
            if (usable && active < context.Options.StreamsPerTunnel) return tunnel;
        }
        return null;
    }

    private Tunnel Start(in TunnelKey key, LocalWorkloadState source, TimeSpan timeout)
    {
        if (!tunnels.TryGetValue(key, out var list)) tunnels.Add(key, list = []);
        var tunnel = new Tunnel { Ready = null! };
        list.Add(tunnel);
        tunnel.Ready = Establish(key, tunnel, source, timeout);
        return tunnel;
    }

    private async Task<Http2Connection> Establish(TunnelKey key, Tunnel tunnel, LocalWorkloadState source, TimeSpan timeout)
    {
        try
        {
            var secure = await Handshake(key, source, timeout);
            var http2 = Http2Connection.Client(secure, Http2Settings.Client);
            tunnel.Http2 = http2;
            _ = RunToEnd(key, tunnel, http2);
            return http2;
        }
        catch
        {
            Forget(key, tunnel);
            throw;
        }
    }

    private async ValueTask<SecureConnection> Handshake(TunnelKey key, LocalWorkloadState source, TimeSpan timeout)
    {
        var identity = source.IdentityIn(key.Identity.TrustDomain);
        TlsContext tls;
        try
        {
            tls = await context.Identities.GetAsync(identity);
        }
        catch (IdentityUnavailableException error)
        {
            throw new ProxyException(new Failure(ResponseFlag.ID, FailureSide.Mesh, FailureStage.Connect, error.Message), error);
        }
        var remote = new IpPort(key.Destination, key.Port);
        var transport = await source.Sockets.ConnectAsync(loop, remote, new ConnectOptions(timeout, Mark: context.Options.Mark));
        var secure = await tls.ConnectAsync(transport, Alpn, context.Options.HandshakeTimeout);
        if (secure.PeerIdentity == key.Identity) return secure;
        string peer = secure.PeerUri ?? "a peer without identity";
        await secure.DisposeAsync();
        throw new ConnectionBrokenException(BreakKind.Tls, $"{remote} is {peer}, not {key.Identity}");
    }

    private async Task RunToEnd(TunnelKey key, Tunnel tunnel, Http2Connection http2)
    {
        try
        {
            await http2.RunAsync();
        }
        catch (ConnectionBrokenException)
        {
            // Streams have learned it themselves.
        }
        finally
        {
            Forget(key, tunnel);
        }
    }

    private void Forget(in TunnelKey key, Tunnel tunnel)
    {
        if (!tunnels.TryGetValue(key, out var list)) return;
        list.Remove(tunnel);
        if (list.Count == 0) tunnels.Remove(key);
    }

    private async ValueTask<Connection> Connect(Http2Connection http2, UpstreamRequest request)
    {
        var target = request.Endpoint.Target;
        var head = new HeaderList();
        head.Add(":method"u8, "CONNECT"u8);
        head.Add(":authority"u8, Encoding.ASCII.GetBytes(target.ToString()));
        head.Add("forwarded"u8, Encoding.ASCII.GetBytes($"for=\"{request.Client}\""));
        var stream = await http2.OpenAsync(head, endStream: false);
        HeaderList answer;
        try
        {
            answer = await stream.ReadHeadersAsync();
        }
        catch
        {
            stream.Dispose();
            throw;
        }
        int status = Status(answer);
        if (status == 200) return new TunnelConnection(loop, stream, request.Client, target);
        string reason = answer.TryGet("x-mesh-error"u8, out var text) ? Encoding.ASCII.GetString(text) : $"the peer answered CONNECT with {status}";
        stream.Dispose();
        throw new ProxyException(Refused(request.Endpoint, status, reason));
    }

    private static int Status(HeaderList answer) =>
        answer.TryGet(":status"u8, out var text) && int.TryParse(text, out int status) ? status : 0;

    private static Failure Refused(EndpointModel endpoint, int status, string reason) => status switch
    {
        401 or 403 => new Failure(ResponseFlag.UAEX, FailureSide.Upstream, FailureStage.Policy, WithoutFlag(reason)),
        _ => new Failure(ResponseFlag.UF, FailureSide.Upstream, FailureStage.Connect,
            $"workload {endpoint.Workload.Uid} cannot be reached: {WithoutFlag(reason)}", RetrySafe: true),
    };

    private static string WithoutFlag(string reason)
    {
        int space = reason.IndexOf(' ');
        return space > 0 && Enum.TryParse<ResponseFlag>(reason[..space], out _) ? reason[(space + 1)..] : reason;
    }
}
