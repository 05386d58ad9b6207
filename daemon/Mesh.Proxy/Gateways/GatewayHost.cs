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
    private readonly Dictionary<ListenerKey, Listener> open = [];

    /// <param name="Name">Null for a port of TLS, whose listeners are told apart by the server name.</param>
    private readonly record struct ListenerKey(string Gateway, string? Name, IpPort Address)
    {
        public override string ToString() => Name is null ? $"gateway {Gateway} port {Address.Port}" : $"gateway {Gateway} listener {Name}";
    }

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

    private static HashSet<ListenerKey> Wanted(Snapshot snapshot)
    {
        var wanted = new HashSet<ListenerKey>();
        foreach (var gateway in snapshot.Gateways)
        {
            IReadOnlyList<Ip> addresses = gateway.Addresses.Count > 0 ? gateway.Addresses : [Ip.AnyV6];
            foreach (var listener in gateway.Listeners)
            {
                string? name = listener.Protocol == AppProtocol.Tls ? null : listener.Name;
                foreach (var address in addresses) wanted.Add(new ListenerKey(gateway.Key, name, new IpPort(address, (ushort)listener.Port)));
            }
        }
        return wanted;
    }

    private void Open(ListenerKey key)
    {
        try
        {
            open[key] = context.HostSockets.Listen(key.Address, context.Loops, ListenOptions.Default, connection => Accept(key, connection));
        }
        catch (IOException error)
        {
            problem($"{key}: {error.Message}");
        }
    }

    private void Accept(ListenerKey key, Connection connection) =>
        TrackedConnection.Run(context, ListenerKind.Gateway, null, connection, accepted => Handle(key, accepted));

    private async Task Handle(ListenerKey key, Connection connection)
    {
        if (FindListener(key) is not { } listener || await ProxyProtocolGate.PassAsync(context, connection, key.Gateway, listener) is not { } client)
        {
            connection.Abort();
            return;
        }
        await (key.Name is null ? new GatewayTls(context, client, key.Gateway, key.Address.Port).RunAsync() : Serve(key, listener.Protocol, client));
    }

    private Task Serve(ListenerKey key, AppProtocol protocol, Connection client)
    {
        var scope = new GatewayScope(key.Gateway, key.Name!);
        if (!scope.Refresh(context.Snapshots.Current))
        {
            client.Abort();
            return Task.CompletedTask;
        }
        if (protocol == AppProtocol.Tcp)
            return new OutboundTcp(context, client.Loop, null, key.Gateway).ToBackendsAsync(client, scope.Listener!.TcpBackends, scope.Name);
        var parties = new PartiesCache(context.Locals);
        return new HttpServing(
            context, client, () => new OutboundHttpHandler(context, client.Loop, null, client.RemoteAddress, scope, parties)).RunAsync();
    }

    /// <summary>Of a port of TLS any: they agree in what counts before the server name is known.</summary>
    private GatewayListenerModel? FindListener(ListenerKey key)
    {
        foreach (var gateway in context.Snapshots.Current.Gateways)
        {
            if (gateway.Key != key.Gateway) continue;
            foreach (var listener in gateway.Listeners)
            {
                if (key.Name is null ? listener.Port == key.Address.Port && listener.Protocol == AppProtocol.Tls : listener.Name == key.Name) return listener;
            }
        }
        return null;
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
