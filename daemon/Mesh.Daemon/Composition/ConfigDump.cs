using System.Text.Json;
using Google.Protobuf;
using Mesh.Control.Config;
using Mesh.Protocol.Config;
using Mesh.Proxy.Configuration;
using Mesh.Proxy.Workloads;

namespace Mesh.Daemon.Composition;

/// <summary>Everything in force, for <c>/config_dump</c>: the resources as received, and what this machine makes of them. No keys.</summary>
internal sealed class ConfigDump(string node, ResourceCache cache, SnapshotHolder snapshots, LocalWorkloads locals, ManagedConfig? managed)
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    public void Write(Utf8JsonWriter json)
    {
        var snapshot = snapshots.Current;
        json.WriteStartObject();
        json.WriteString("node", node);
        json.WriteString("trustDomain", snapshot.TrustDomain);
        json.WriteNumber("snapshotVersion", snapshot.Version);
        json.WriteString("configVersion", cache.Version);
        WriteController(json);
        WriteLocalWorkloads(json);
        WriteIdentities(json);
        WriteRejected(json);
        WriteResources(json);
        json.WriteEndObject();
    }

    private void WriteController(Utf8JsonWriter json)
    {
        if (managed is null) return;
        json.WriteStartObject("controller");
        json.WriteBoolean("connected", managed.Link.IsConnected);
        json.WriteString("problem", managed.Link.Problem);
        json.WriteEndObject();
    }

    private void WriteLocalWorkloads(Utf8JsonWriter json)
    {
        json.WriteStartArray("workloads");
        foreach (var workload in locals.All.OrderBy(static w => w.Uid, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("uid", workload.Uid);
            json.WriteString("serviceAccount", workload.Description.ServiceAccount);
            json.WriteStartArray("addresses");
            foreach (var address in workload.Description.Addresses) json.WriteStringValue(address.ToString());
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteIdentities(Utf8JsonWriter json)
    {
        if (managed is null) return;
        json.WriteStartArray("identities");
        foreach (var status in managed.Identities.Status)
        {
            json.WriteStartObject();
            json.WriteString("identity", status.Identity.ToString());
            json.WriteString("notAfter", status.NotAfter?.ToString("u"));
            json.WriteString("problem", status.Problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteRejected(Utf8JsonWriter json)
    {
        json.WriteStartArray("rejected");
        foreach (var rejection in cache.Rejected)
        {
            json.WriteStartObject();
            json.WriteString("type", rejection.TypeUrl);
            json.WriteString("name", rejection.Name);
            json.WriteString("reason", rejection.Reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteResources(Utf8JsonWriter json)
    {
        json.WriteStartObject("resources");
        foreach (var type in cache.Resources.GroupBy(static resource => ConfigTypes.NameOf(resource.TypeUrl)).OrderBy(static g => g.Key, StringComparer.Ordinal))
        {
            json.WriteStartArray(type.Key);
            foreach (var resource in type) json.WriteRawValue(Formatter.Format(resource.Parse()));
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
