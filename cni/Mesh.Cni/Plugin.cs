using System.Text.Json;
using Mesh.Cni.Spec;
using Mesh.Cni.Workloads;
using Mesh.NodeSocket;

namespace Mesh.Cni;

/// <summary>The verbs of the CNI specification. Each ends with a result on standard output and 0, or an error object and 1.</summary>
internal sealed class Plugin(NetworkConfig config, PluginHost host)
{
    // A runtime waits for DEL with the container already gone; the daemon also finds out by itself.
    private static readonly TimeSpan DeleteTimeout = TimeSpan.FromSeconds(2);

    internal static int Run(string verb, PluginHost host)
    {
        string version = CniVersions.Latest;
        try
        {
            // Not disposed: that only gives memory back for others, and prepares the pool for it, in a process that ends now.
            var document = NetworkConfigReader.ReadDocument(host.Input);
            version = NetworkConfigReader.Version(document.RootElement) ?? version;
            Dispatch(verb, document.RootElement, host);
            return 0;
        }
        catch (CniException error)
        {
            return Fail(verb, version, error, host);
        }
        catch (Exception error)
        {
            // The runtime must get an error object whatever happens; the stack goes to whoever can mend it.
            return Fail(verb, version, new CniException(CniErrorCode.Unexpected, $"unexpected {error.GetType().Name}: {error.Message}", error.StackTrace ?? ""), host);
        }
    }

    private static int Fail(string verb, string version, CniException error, PluginHost host)
    {
        host.Log($"{verb}: {error.Message}");
        ResultWriter.WriteError(host.Output, version, error);
        return 1;
    }

    private static void Dispatch(string verb, JsonElement root, PluginHost host)
    {
        if (verb == "VERSION")
        {
            ResultWriter.WriteVersions(host.Output, NetworkConfigReader.Version(root) ?? CniVersions.Latest);
            return;
        }
        if (verb is not ("ADD" or "DEL" or "CHECK" or "GC" or "STATUS"))
            throw new CniException(CniErrorCode.InvalidEnvironment, $"CNI_COMMAND={verb} is not ADD, DEL, CHECK, GC, STATUS or VERSION");
        var config = NetworkConfigReader.Read(root);
        var plugin = new Plugin(config, host);
        long start = host.Time.GetTimestamp();
        switch (verb)
        {
            case "ADD": plugin.Add(); break;
            case "DEL": plugin.Delete(); break;
            case "CHECK": plugin.Check(); break;
            case "GC": plugin.CollectGarbage(); break;
            default: plugin.Status(); break;
        }
        if (config.LogLevel >= LogLevel.Debug) host.Log($"{verb} took {host.Time.GetElapsedTime(start).TotalMilliseconds:0.0} ms");
    }

    private void Add()
    {
        var environment = CniEnvironment.Read(host.Environment, needsNamespace: true);
        var identity = WorkloadIdentity.From(name => environment.Arguments[name] ?? ConfiguredArgument(name), environment.ContainerId);
        var previous = config.PreviousResult is { } result ? PreviousResult.Read(result) : new([], [], []);
        using var workload = WorkloadNamespace.Open(environment.NamespacePath);
        var addresses = workload.Addresses(previous.Addresses);
        var described = Enroller.Describe(identity, workload, addresses, AttachmentOf(environment), config.Capture) with { Network = config.Name };
        var enrolment = NameService.Describe(
            described, [previous.Nameservers, config.Nameservers], [previous.SearchDomains, config.SearchDomains], environment.NamespacePath);
        Enroller.Enrol(workload, enrolment, DaemonWithin(config.Timeout, waits: true));
        ResultWriter.WriteResult(host.Output, config.PreviousResult, config.CniVersion);
        if (config.LogLevel >= LogLevel.Info) host.Log($"ADD {enrolment.Uid} {string.Join(",", enrolment.Addresses)} in {workload.Path}");
    }

    /// <summary>Succeeds whatever is gone already: a runtime that gets an error here never frees the container.</summary>
    private void Delete()
    {
        var environment = CniEnvironment.Read(host.Environment, needsNamespace: false);
        Try("DEL: meshd was not told, it will notice by itself", () => DaemonWithin(DeleteTimeout).Unenrol(AttachmentOf(environment)));
        if (environment.NamespacePath.Length == 0) return;
        Try("DEL: rules were not removed, they end with the namespace", () =>
        {
            using var workload = WorkloadNamespace.Open(environment.NamespacePath);
            workload.Release();
        });
    }

    private void Check()
    {
        var environment = CniEnvironment.Read(host.Environment, needsNamespace: true);
        if (config.PreviousResult is not { } result) throw new CniException(CniErrorCode.InvalidNetworkConfig, "CHECK needs prevResult, the result of ADD");
        using var workload = WorkloadNamespace.Open(environment.NamespacePath);
        workload.Addresses(PreviousResult.Read(result).Addresses);
        workload.Verify(config.Capture);
        DaemonWithin(config.Timeout).Check(AttachmentOf(environment));
    }

    /// <summary>Only attachments of this network: another network's list is not known here.</summary>
    private void CollectGarbage()
    {
        CniVersions.RequireLatest("GC", config.CniVersion);
        if (config.ValidAttachments is not { } valid)
            throw new CniException(CniErrorCode.InvalidNetworkConfig, "GC needs cni.dev/valid-attachments; without it every attachment would be removed");
        var daemon = DaemonWithin(config.Timeout);
        var stale = daemon.List().Select(static status => status.Enrolment)
            .Where(enrolment => enrolment.Network == config.Name && !valid.Contains((enrolment.Attachment.ContainerId, enrolment.Attachment.InterfaceName)));
        foreach (var enrolment in stale)
        {
            daemon.Unenrol(enrolment.Attachment);
            Try("GC: rules were not removed", () => ReleaseIfSame(enrolment));
        }
    }

    private void Status()
    {
        CniVersions.RequireLatest("STATUS", config.CniVersion);
        try
        {
            Netfilter.NamespaceRules.CheckTools();
            DaemonWithin(config.Timeout).Ping();
        }
        catch (Exception error) when (error is CniException or Netfilter.CaptureException)
        {
            throw new CniException(CniErrorCode.NotAvailable, $"workloads cannot be captured now: {error.Message}", "start meshd on this machine");
        }
    }

    /// <summary>A path is reused by later containers, whose rules must stay.</summary>
    private static void ReleaseIfSame(Enrolment enrolment)
    {
        if (!File.Exists(enrolment.NamespacePath)) return;
        using var workload = WorkloadNamespace.Open(enrolment.NamespacePath);
        if (workload.Network.Id.Inode == enrolment.NamespaceInode) workload.Release();
    }

    private void Try(string consequence, Action action)
    {
        try
        {
            action();
        }
        catch (CniException error)
        {
            if (config.LogLevel >= LogLevel.Warn) host.Log($"{consequence}: {error.Message}");
        }
    }

    private string? ConfiguredArgument(string name) =>
        config.Arguments is { } arguments && arguments.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Daemon DaemonWithin(TimeSpan timeout, bool waits = false) => new(config.NodeSocket, timeout, waits, host.Time);

    private static Attachment AttachmentOf(CniEnvironment environment) => new(environment.ContainerId, environment.InterfaceName);
}
