using Mesh.Io;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Forwarding;
using Mesh.Proxy.Outbound;
using Mesh.Proxy.Reporting;
using Mesh.Proxy.Routing;
using Mesh.Proxy.Workloads;

namespace Mesh.Proxy.Gateways;

/// <summary>Keeps the explicit ports of the snapshot's gateways open. A change opens and closes only the ports that were added and removed;
/// connections follow their listener's routes by name.</summary>
public sealed class GatewayHost(ProxyContext context, Action<string> problem) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Gateway, string Listener, IpPort Address), Listener> open = [];

    /// <summary>Any thread. A port that cannot be opened is reported and tried again with the next change; the others are served.</summary>
    public void Apply(Snapshot snapshot)
    {
        lock (gate)
        {
            var wanted = Wanted(snapshot);
            foreach (var (key, listener) in open.Where(pair => !wanted.Contains(pair.Key)).ToList())
            {
                listener.Dispose();
                open.Remove(key);
            }
            foreach (var key in wanted)
            {
                if (!open.ContainsKey(key)) Open(key);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var listener in open.Values) listener.Dispose();
            open.Clear();
        }
    }

    private static HashSet<(string, string, IpPort)> Wanted(Snapshot snapshot)
    {
        var wanted = new HashSet<(string, string, IpPort)>();
        foreach (var gateway in snapshot.Gateways)
        {
            IReadOnlyList<Ip> addresses = gateway.Addresses.Count > 0 ? gateway.Addresses : [Ip.AnyV6];
            foreach (var listener in gateway.Listeners)
            {
                foreach (var address in addresses) wanted.Add((gateway.Key, listener.Name, new IpPort(address, (ushort)listener.Port)));
            }
        }
        return wanted;
    }

    private void Open((string Gateway, string Listener, IpPort Address) key)
    {
        try
        {
            open[key] = context.HostSockets.Listen(key.Address, context.Loops, ListenOptions.Default, connection => Accept(key.Gateway, key.Listener, connection));
        }
        catch (IOException error)
        {
            problem($"gateway {key.Gateway} listener {key.Listener}: {error.Message}");
        }
    }

    private void Accept(string gateway, string listener, Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Gateway, null, connection, accepted => Handle(gateway, listener, accepted));

    private Task Handle(string gateway, string listener, Connection connection)
    {
        var scope = new GatewayScope(gateway, listener);
        if (!scope.Refresh(context.Snapshots.Current))
        {
            connection.Abort();
            return Task.CompletedTask;
        }
        if (scope.Listener!.Protocol == AppProtocol.Tcp)
            return new OutboundTcp(context, connection.Loop, null, gateway).ToBackendsAsync(connection, scope.Listener.TcpBackends, scope.Name);
        var parties = new PartiesCache(context.Locals);
        return new HttpServing(
            context, connection, () => new OutboundHttpHandler(context, connection.Loop, null, connection.RemoteAddress, scope, parties)).RunAsync();
    }

    private sealed class GatewayScope(string gateway, string listener) : IOutboundScope
    {
        private static readonly HttpRouteTable NoRoutes = new([]);
        private Snapshot? seen;

        public string Name => $"gateway {gateway} listener {listener}";
        public GatewayListenerModel? Listener { get; private set; }
        public HttpRouteTable Routes => Listener?.HttpRoutes ?? NoRoutes;
        HttpRouteTable? IOutboundScope.Routes => Routes;
        public ServicePortModel? Service => null;

        public TelemetryModel TelemetryIn(Snapshot snapshot) => snapshot.TelemetryOfGateway(gateway);

        public bool Refresh(Snapshot snapshot)
        {
            if (ReferenceEquals(seen, snapshot)) return Listener is not null;
            seen = snapshot;
            Listener = null;
            foreach (var candidate in snapshot.Gateways)
            {
                if (candidate.Key == gateway) Listener = candidate.Listeners.FirstOrDefault(l => l.Name == listener);
            }
            return Listener is not null;
        }
    }
}
