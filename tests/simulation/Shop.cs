using Mesh.Io;
using Mesh.Kit.Connections;
using Mesh.Kit.Simulation;

namespace Mesh.Tests.Simulation;

/// <summary>Two machines: ledger on one; web, an intruder with an identity but without permission, and a second web beside the ledger.
/// Outside: an application without identity that knows the ledger's address. And what must hold at every moment.</summary>
internal sealed class Shop
{
    public const ushort AppPort = 9000;
    public static readonly IpPort Ledger = IpPort.Parse("240.240.7.7:80");

    private readonly HashSet<int> forbidden = []; // requests begun when the destination knew that they are not allowed

    private Shop(int seed)
    {
        Mesh = new SimulatedMesh(seed);
        Mesh.AddNode("node-a");
        Mesh.AddNode("node-b");
        Web = Mesh.AddWorkload("node-a", "shop", "web-1", "web", "10.0.1.1");
        Intruder = Mesh.AddWorkload("node-a", "shop", "intruder-1", "intruder", "10.0.1.2");
        LedgerApp = Mesh.AddWorkload("node-b", "shop", "ledger-1", "ledger", "10.0.2.1").Listen(AppPort);
        LocalWeb = Mesh.AddWorkload("node-b", "shop", "web-2", "web", "10.0.2.2");
        Outsider = Mesh.AddOutsider("elsewhere", "outsider", "10.0.9.9");
        LedgerApp.Received += OnReceived;
        Mesh.Controller.Apply(Yaml());
    }

    public SimulatedMesh Mesh { get; }
    public VirtualTime Time => Mesh.Time;
    public SimulatedApp Web { get; }
    public SimulatedApp LocalWeb { get; }
    public SimulatedApp Intruder { get; }
    public SimulatedApp Outsider { get; }
    public SimulatedApp LedgerApp { get; }
    public List<ReceivedRequest> Received { get; } = [];
    public List<string> Violations { get; } = [];
    public bool Converged => Mesh.IsConverged;
    public bool WebIsAllowed { get; private set; } = true;

    private bool LedgerNodeIsCurrent => Mesh.Node("node-b").Has(Mesh.Controller.Current);

    public static Shop Build(int seed)
    {
        var shop = new Shop(seed);
        shop.Mesh.Start();
        return shop;
    }

    /// <summary>Begins a request to the ledger.</summary>
    /// <returns>Name of who answered; null when it was refused or broke.</returns>
    public Task<string?> Send(SimulatedApp client, int number, IpPort? destination = null)
    {
        if (!WebIsAllowed && LedgerNodeIsCurrent) forbidden.Add(number);
        return client.AskAsync(destination ?? Ledger, number);
    }

    /// <summary>The same, to its end.</summary>
    public string? Ask(SimulatedApp client, IpPort destination, int number)
    {
        var answer = Send(client, number, destination);
        Time.RunUntil(() => answer.IsCompleted, TimeSpan.FromMinutes(2), $"{client.Name} knows the end of request {number}");
        return answer.Result;
    }

    /// <summary>Changes who may reach the ledger, as an operator would.</summary>
    public void AllowWeb(bool allow)
    {
        WebIsAllowed = allow;
        forbidden.Clear();
        Mesh.Controller.Apply(Yaml());
    }

    /// <summary>What the nodes said, for the message of a failed test.</summary>
    public string Explain() => string.Join('\n', Mesh.Nodes.SelectMany(node =>
        node.Traffic.Failures.Select(failure => $"{node.Name}: {failure.Flag} {failure.Reason}").Concat(
            node.Events.Select(entry => $"{node.Name}: {entry.Severity} {entry.Message}"))));

    /// <summary>The invariants, at any moment.</summary>
    public void Check()
    {
        Assert.Empty(Mesh.Wire.Leaks);
        Assert.Empty(Violations);
        Assert.DoesNotContain(Mesh.Nodes.SelectMany(node => node.Events), entry => entry.Message.Contains("cannot be carried out", StringComparison.Ordinal));
    }

    private void OnReceived(ReceivedRequest request)
    {
        Received.Add(request);
        string account = request.Sender.Split('-')[0];
        if (account is not "web") Violations.Add($"{request}: {account} is never allowed");
        // A permission that was taken away may still be used until the destination has heard of it, never after.
        if (forbidden.Contains(request.Number)) Violations.Add($"{request}: begun after node-b knew that web is not allowed");
    }

    private string Yaml() => $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: ledger, namespace: shop }
        spec: { clusterIP: 240.240.7.7, selector: { app: ledger }, ports: [ { name: tcp, port: 80, targetPort: {{AppPort}}, appProtocol: tcp } ] }
        ---
        apiVersion: mesh.internal/v1
        kind: AccessPolicy
        metadata: { name: ledger, namespace: shop }
        spec:
          selector: { matchLabels: { app: ledger } }
          action: Allow
          rules: [ { from: [ { serviceAccounts: [ {{(WebIsAllowed ? "web" : "nobody")}} ] } ] } ]
        ---
        {{Workload("ledger-1", "ledger", "node-b", "10.0.2.1")}}
        ---
        {{Workload("web-1", "web", "node-a", "10.0.1.1")}}
        ---
        {{Workload("web-2", "web", "node-b", "10.0.2.2")}}
        ---
        {{Workload("intruder-1", "intruder", "node-a", "10.0.1.2")}}
        """;

    private static string Workload(string name, string account, string node, string address) => $$"""
        apiVersion: mesh.internal/v1
        kind: Workload
        metadata: { name: {{name}}, namespace: shop, labels: { app: {{account}} } }
        spec: { addresses: [ {{address}} ], serviceAccount: {{account}}, node: {{node}} }
        """;
}
