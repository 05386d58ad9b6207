using System.Text;
using Mesh.Http;
using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Upstream;

/// <summary>HBONE connections of one loop: mTLS from the source workload's identity, HTTP/2 CONNECT, one stream per upstream connection.</summary>
internal sealed class HboneTunnels(ProxyContext context, Loop loop, TunnelDialer dialer, LoopOccupancy occupancy)
{
    public const string Alpn = "h2";

    private static readonly string[] Protocols = [Alpn];

    private readonly SharedHttp2<TunnelKey> tunnels = new(loop, (Http2Settings.Client, Http2Limits.Default), context.Options.StreamsPerTunnel, context.Options.HboneIdleTimeout,
        code => context.Reporter.Http2Failed(loop.Index, Http2Side.Tunnel, code), change => occupancy.Add(KeptKind.Hbone, change));

    public async ValueTask<Connection> OpenAsync(TunnelKey key, LocalWorkloadState source, UpstreamRequest request)
    {
        if (!tunnels.TryFind(key, out var tunnel)) tunnel = tunnels.Start(key, Dial(key, source, request.Timeout));
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
    public void Adopt(in TunnelKey key, SecureConnection secure) => tunnels.Adopt(key, secure);

    /// <summary>Closes the connections of a workload that has left this machine.</summary>
    public void CloseOf(string uid) => tunnels.Close(key => key.Source == uid);

    private async ValueTask<Connection> Dial(TunnelKey key, LocalWorkloadState source, TimeSpan timeout)
    {
        var tls = await dialer.IdentityAsync(source, key);
        return await dialer.DialAsync(tls, key, source, Protocols, timeout);
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
