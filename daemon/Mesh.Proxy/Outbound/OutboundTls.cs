using System.Text;
using Mesh.Http.Detection;
using Mesh.Io;
using Mesh.Proxy.Failures;
using Mesh.Proxy.Routing;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Outbound;

/// <summary>One connection of TLS that is routed by the server name of its ClientHello and otherwise carried untouched.</summary>
/// <param name="where">For messages: what the routes are attached to.</param>
internal sealed class OutboundTls(OutboundTcp tcp, Connection client, string where)
{
    private readonly long start = client.Loop.Time.GetTimestamp();

    /// <param name="opening">At its end.</param>
    /// <param name="match">By server name, empty when the client names none; null: no route takes it.</param>
    public async Task RunAsync(Opening opening, Func<ReadOnlyMemory<byte>, TlsRuleModel?> match)
    {
        tcp.Traffic = OpaqueTraffic.Of(opening) with { Protocol = "tls" };
        OutboundTcp.Dialled dialled;
        try
        {
            if (opening.Hello is not { } hello) throw new ProxyException(Objection(opening));
            var rule = match(hello.ServerName) ?? throw new ProxyException(new Failure(ResponseFlag.NR, FailureSide.Mesh, FailureStage.Routing, NoRoute(hello)));
            tcp.Route = rule.RouteKey;
            dialled = await tcp.Dial(client, rule.Backends, $"route {rule.RouteKey}");
        }
        catch (ProxyException error)
        {
            tcp.Fail(client, null, error.Failure, start);
            return;
        }
        await tcp.Relay(client, dialled, start);
    }

    private string NoRoute(ClientHello hello) => hello.ServerName.IsEmpty
        ? $"no TLSRoute of {where} takes a connection that names no server"
        : $"no TLSRoute of {where} takes the server name {Encoding.ASCII.GetString(hello.ServerName.Span)}";

    private Failure Objection(Opening opening) => opening.State switch
    {
        OpeningState.TimedOut => new Failure(ResponseFlag.DT, FailureSide.Client, FailureStage.Routing, $"the client of {where} sent no whole ClientHello in time"),
        OpeningState.Ended or OpeningState.Broken => new Failure(ResponseFlag.DC, FailureSide.Client, FailureStage.Routing, $"the client of {where} left before its ClientHello"),
        _ => new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Routing,
            opening.HelloProblem.Length > 0 ? opening.HelloProblem : $"the client of {where} does not begin with a ClientHello"),
    };
}
