using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Upstream;

/// <summary>HBONE connections of one loop: mTLS from the source workload's identity, HTTP/2 CONNECT, one stream per upstream connection.
/// A connection is opened by the first who needs it; those who come meanwhile wait for the same attempt.</summary>
internal sealed class HboneTunnels(ProxyContext context, Loop loop, TunnelDialer dialer)
{
    public const string Alpn = "h2";

    private static readonly string[] Protocols = [Alpn];

    private readonly Dictionary<TunnelKey, List<Tunnel>> tunnels = [];

    public async ValueTask<Connection> OpenAsync(TunnelKey key, LocalWorkloadState source, UpstreamRequest request)
    {
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

    /// <summary>A connection that was meant for a direct tunnel, to a peer that knows only this one.</summary>
    public void Adopt(in TunnelKey key, SecureConnection secure)
    {
        var tunnel = Add(key);
        tunnel.Ready = Task.FromResult(Begin(key, tunnel, secure));
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
        var tunnel = Add(key);
        tunnel.Ready = Establish(key, tunnel, source, timeout);
        return tunnel;
    }

    private Tunnel Add(in TunnelKey key)
    {
        if (!tunnels.TryGetValue(key, out var list)) tunnels.Add(key, list = []);
        var tunnel = new Tunnel { Ready = null! };
        list.Add(tunnel);
        return tunnel;
    }

    private async Task<Http2Connection> Establish(TunnelKey key, Tunnel tunnel, LocalWorkloadState source, TimeSpan timeout)
    {
        try
        {
            var tls = await dialer.IdentityAsync(source, key);
            return Begin(key, tunnel, await dialer.DialAsync(tls, key, source, Protocols, timeout));
        }
        catch
        {
            Forget(key, tunnel);
            throw;
        }
    }

    private Http2Connection Begin(in TunnelKey key, Tunnel tunnel, SecureConnection secure)
    {
        var http2 = Http2Connection.Client(secure, Http2Settings.Client);
        tunnel.Http2 = http2;
        _ = RunToEnd(key, tunnel, http2);
        return http2;
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
        var target = request.Target;
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
        throw new ProxyException(TunnelPool.Refused(request.Endpoint, status, reason));
    }

    private static int Status(HeaderList answer) =>
        answer.TryGet(":status"u8, out var text) && int.TryParse(text, out int status) ? status : 0;
}
