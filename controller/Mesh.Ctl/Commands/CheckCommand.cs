using System.Text.Json.Nodes;
using Mesh.Ctl.Client;

namespace Mesh.Ctl.Commands;

/// <summary>Is the mesh well? One line a finding, and what to do about those that are not. Exit 1 when anything is wrong.</summary>
internal static class CheckCommand
{
    public static async Task<int> RunAsync(Session session, TimeProvider time)
    {
        var findings = new Findings(session.Output);
        try
        {
            var version = await session.Client.GetAsync("/version");
            findings.Good($"controller {session.Client.Server} answers, version {version["meshVersion"]}");
            CheckNodes(findings, await ItemsAsync(session, "nodes"));
            CheckWorkloads(findings, await ItemsAsync(session, "workloads"), time.GetUtcNow());
            foreach (var kind in new[] { "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "accesspolicies", "mtlspolicies", "trafficpolicies", "telemetrypolicies" })
                CheckConditions(findings, await ItemsAsync(session, kind));
        }
        catch (ApiFailure failure)
        {
            findings.Bad(failure.Message, failure.Code == 401 ? "use a kubeconfig with a valid token" : "start the controller and look at its log");
        }

        session.Output.WriteLine(findings.Problems == 0 ? "all well" : $"{findings.Problems} problem{(findings.Problems == 1 ? "" : "s")}");
        return findings.Problems == 0 ? ExitCodes.Fine : ExitCodes.Failed;
    }

    private static async Task<IReadOnlyList<JsonObject>> ItemsAsync(Session session, string plural)
    {
        var list = await session.Client.GetAsync((await session.TypeAsync(plural)).Path(null));
        return [.. (list["items"] as JsonArray ?? []).OfType<JsonObject>()];
    }

    private static void CheckNodes(Findings findings, IReadOnlyList<JsonObject> nodes)
    {
        if (nodes.Count == 0)
            findings.Note("no node has joined", "make a token with meshctl token create and start meshd on a machine");

        var connected = nodes.Where(node => node["status"]?["connected"]?.GetValue<bool>() == true).ToList();
        if (connected.Count > 0)
            findings.Good($"{connected.Count} of {nodes.Count} nodes connected");

        foreach (var node in nodes.Except(connected))
            findings.Bad($"node {Name(node)} is not connected", $"look at meshd there: systemctl status meshd, journalctl -u meshd");

        CheckConditions(findings, nodes);
    }

    private static void CheckWorkloads(Findings findings, IReadOnlyList<JsonObject> workloads, DateTimeOffset now)
    {
        var captured = workloads.Where(workload => workload["spec"]?["node"] is not null).ToList();
        var verified = captured.Count(workload => workload["status"]?["redirectVerified"]?.GetValue<bool>() == true);
        if (captured.Count > 0)
            findings.Good($"{verified} of {captured.Count} workloads on nodes verified");

        foreach (var workload in captured)
        {
            if (workload["status"]?["redirectVerified"]?.GetValue<bool>() != true)
                findings.Bad($"workload {Name(workload)} on node {workload["spec"]?["node"]} is not verified", "run mesh-cni verify there; enrol it again if its rules are gone");
            if (DateTimeOffset.TryParse(workload["status"]?["certificateExpiry"]?.ToString(), out var expiry) && expiry <= now)
                findings.Bad($"the certificate of workload {Name(workload)} ended at {expiry:u}", "see why its node cannot renew it: journalctl -u meshd");
        }
    }

    private static void CheckConditions(Findings findings, IReadOnlyList<JsonObject> resources)
    {
        foreach (var resource in resources)
        {
            var conditions = (resource["status"]?["conditions"] as JsonArray ?? [])
                .Concat((resource["status"]?["parents"] as JsonArray ?? []).SelectMany(parent => parent?["conditions"] as JsonArray ?? []));
            foreach (var condition in conditions.Where(condition => condition?["status"]?.ToString() == "False"))
                findings.Bad($"{resource["kind"]} {Name(resource)}: {condition!["type"]} is False: {condition["message"]}", "correct the resource and apply it again");
        }
    }

    private static string Name(JsonObject resource) =>
        resource["metadata"]?["namespace"] is { } space ? $"{space}/{resource["metadata"]!["name"]}" : $"{resource["metadata"]?["name"]}";

    private sealed class Findings(TextWriter output)
    {
        public int Problems { get; private set; }

        public void Good(string text) => output.WriteLine($"ok    {text}");

        public void Note(string text, string advice) => output.WriteLine($"note  {text}: {advice}");

        public void Bad(string text, string advice)
        {
            Problems++;
            output.WriteLine($"BAD   {text}: {advice}");
        }
    }
}
