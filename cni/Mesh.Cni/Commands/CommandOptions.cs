using System.Net;
using Mesh.Cni.Spec;
using Mesh.Cni.Workloads;
using Mesh.Netfilter;

namespace Mesh.Cni.Commands;

/// <summary>Options of the commands for people. Parsed by hand: a command line library would double the start time of the plugin.</summary>
internal sealed class CommandOptions
{
    private static readonly string[] Flags = ["--no-dns"];
    private static readonly string[] Repeated = ["--address", "--exclude-inbound-port", "--exclude-inbound-cidr", "--exclude-outbound-port", "--exclude-outbound-cidr"];
    private static readonly string[] Single = ["--netns", "--namespace", "--workload", "--service-account", "--labels", "--node-socket", "--timeout"];
    private static readonly string[] OtherTargets = ["--cgroup", "--unit", "--user"];

    private readonly Dictionary<string, List<string>> values = [];

    /// <exception cref="UsageException">An option is unknown, lacks its value or is given twice.</exception>
    internal static CommandOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new CommandOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string[] parts = arguments[i].Split('=', 2);
            string name = parts[0];
            if (OtherTargets.Contains(name)) throw new UsageException($"{name} is not supported yet: run the workload in a network namespace of its own and use --netns");
            bool isFlag = Flags.Contains(name);
            if (!isFlag && !Repeated.Contains(name) && !Single.Contains(name)) throw new UsageException($"unknown option {name}; see mesh-cni --help");
            string value = "";
            if (!isFlag) value = parts.Length == 2 ? parts[1] : ++i < arguments.Length ? arguments[i] : throw new UsageException($"{name} needs a value");
            else if (parts.Length == 2) throw new UsageException($"{name} takes no value");
            if (!options.values.TryGetValue(name, out var given)) options.values[name] = given = [];
            if (given.Count > 0 && !Repeated.Contains(name)) throw new UsageException($"{name} is given twice");
            given.Add(value);
        }
        return options;
    }

    internal string NodeSocket => Find("--node-socket") ?? "/run/mesh/node.sock";

    internal TimeSpan Timeout => Find("--timeout") is not { } text ? TimeSpan.FromSeconds(5)
        : FieldReader.TryParseDuration(text, out var value) && value > TimeSpan.Zero ? value
        : throw new UsageException($"--timeout '{text}' is not a duration such as 500ms or 5s");

    /// <summary>A path, or the bare name of a namespace that "ip netns" made.</summary>
    internal string NamespacePath
    {
        get
        {
            string text = Find("--netns") ?? throw new UsageException("--netns PATH is needed");
            return text.Contains('/') ? Path.GetFullPath(text) : $"/run/netns/{text}";
        }
    }

    internal IReadOnlyList<IPAddress> Addresses => All("--address").ConvertAll(static text =>
        IPAddress.TryParse(text, out var address) ? address : throw new UsageException($"--address '{text}' is not an IP address"));

    internal WorkloadIdentity Identity()
    {
        string workloadNamespace = Find("--namespace") ?? "default";
        string name = Find("--workload") ?? throw new UsageException("--workload NAME is needed");
        string account = Find("--service-account") ?? "default";
        var faults = new List<string>();
        var labels = LabelSet.Parse(Find("--labels") ?? "", faults);
        WorkloadIdentity.Validate(workloadNamespace, name, account, faults);
        return faults.Count == 0 ? new(workloadNamespace, name, account, null, labels) : throw new UsageException(string.Join("; ", faults));
    }

    internal CaptureOptions Capture()
    {
        var options = new CaptureOptions
        {
            Dns = !values.ContainsKey("--no-dns"),
            ExcludeInboundPorts = Ports("--exclude-inbound-port"),
            ExcludeInboundCidrs = Networks("--exclude-inbound-cidr"),
            ExcludeOutboundPorts = Ports("--exclude-outbound-port"),
            ExcludeOutboundCidrs = Networks("--exclude-outbound-cidr"),
        };
        var faults = new List<string>();
        options.Validate(faults);
        return faults.Count == 0 ? options : throw new UsageException(string.Join("; ", faults));
    }

    private string? Find(string name) => values.TryGetValue(name, out var given) ? given[0] : null;

    private List<string> All(string name) => values.TryGetValue(name, out var given) ? given : [];

    private List<int> Ports(string name) => All(name).ConvertAll(text =>
        ushort.TryParse(text, out ushort port) ? (int)port : throw new UsageException($"{name} '{text}' is not a port"));

    private List<IPNetwork> Networks(string name) => All(name).ConvertAll(text =>
        CaptureOptions.TryParseNetwork(text, out var network) ? network : throw new UsageException($"{name} '{text}' is not an address block such as 10.0.0.0/8"));
}
