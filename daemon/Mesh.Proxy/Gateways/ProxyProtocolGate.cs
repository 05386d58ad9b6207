using Mesh.Http.ProxyProtocol;
using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Failures;
using Mesh.Telemetry.Traffic;

namespace Mesh.Proxy.Gateways;

/// <summary>Learns from a load balancer in front who the client is. Whether there is a PROXY header is decided by where the connection comes from,
/// never by its bytes: otherwise any client could claim to be another.</summary>
internal static class ProxyProtocolGate
{
    /// <returns>Null: there should have been a header and was none, which is reported.</returns>
    public static async ValueTask<Connection?> PassAsync(ProxyContext context, Connection connection, string gateway, GatewayListenerModel listener)
    {
        if (!IsTrusted(listener, connection.RemoteAddress.Address)) return connection;
        try
        {
            return await ProxiedConnection.AcceptAsync(connection, context.Options.HandshakeTimeout);
        }
        catch (ProxyHeaderException error)
        {
            var failure = new Failure(ResponseFlag.DPE, FailureSide.Client, FailureStage.Connect, $"gateway {gateway} listener {listener.Name}: {error.Message}");
            var telemetry = context.Snapshots.Current.TelemetryOfGateway(gateway);
            context.Reporter.ConnectionRefused(connection.Loop.Index, telemetry, null, connection.RemoteAddress, connection.LocalAddress, failure);
            return null;
        }
    }

    private static bool IsTrusted(GatewayListenerModel listener, Ip client)
    {
        if (listener.ProxyProtocolFrom.Length == 0) return false;
        var address = client.ToIPAddress();
        foreach (var block in listener.ProxyProtocolFrom)
        {
            if (block.Contains(address)) return true;
        }
        return false;
    }
}
