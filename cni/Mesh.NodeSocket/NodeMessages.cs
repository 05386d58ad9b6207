using System.Text.Json.Serialization;
using Mesh.Netfilter;

namespace Mesh.NodeSocket;

/// <summary>A workload to capture, as the plugin knows it. Also the durable record of the daemon.</summary>
public sealed record Enrolment
{
    public required string Namespace { get; init; }

    public required string Workload { get; init; }

    /// <summary>Null when whoever enrols does not know it (Kubernetes tells the plugin only the pod's name).</summary>
    public string? ServiceAccount { get; init; }

    [JsonRequired]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public required IReadOnlyList<string> Addresses { get; init; }

    public required Attachment Attachment { get; init; }

    /// <summary>The CNI network's name; null when enrolled by hand.</summary>
    public string? Network { get; init; }

    /// <summary>K8S_POD_UID.</summary>
    public string? PodUid { get; init; }

    public required string NamespacePath { get; init; }

    /// <summary>Must be that of the descriptor that comes along.</summary>
    public required ulong NamespaceInode { get; init; }

    /// <summary>Where the workload's names were resolved before.</summary>
    [JsonRequired]
    public IReadOnlyList<string> Resolvers { get; init; } = [];

    /// <summary>Domains that the workload's resolver appends to names. Records of earlier versions have none.</summary>
    public IReadOnlyList<string> SearchDomains
    {
        get => searchDomains ?? [];
        init => searchDomains = value;
    }

    private readonly IReadOnlyList<string>? searchDomains;

    /// <summary>Files, best first, that <see cref="Resolvers"/> were read from; none: the network named them. Records of earlier versions have none.</summary>
    public IReadOnlyList<string> ResolverFiles
    {
        get => resolverFiles ?? [];
        init => resolverFiles = value;
    }

    private readonly IReadOnlyList<string>? resolverFiles;

    /// <summary>The same for <see cref="SearchDomains"/>.</summary>
    public IReadOnlyList<string> SearchDomainFiles
    {
        get => searchDomainFiles ?? [];
        init => searchDomainFiles = value;
    }

    private readonly IReadOnlyList<string>? searchDomainFiles;

    [JsonRequired]
    public CaptureOptions Capture { get; init; } = CaptureOptions.Default;

    [JsonIgnore]
    public string Uid => $"{Namespace}/{Workload}";
}

/// <summary>One interface of one container: the key that the runtime repeats in DEL and CHECK.</summary>
public sealed record Attachment(string ContainerId, string InterfaceName)
{
    /// <summary>For workloads that no container runtime manages.</summary>
    public static Attachment ByHand(string uid) => new($"manual:{uid}", "-");
}

[JsonConverter(typeof(JsonStringEnumConverter<NodeVerb>))]
public enum NodeVerb
{
    Ping,
    Enrol,
    Unenrol,
    Check,
    List,
}

/// <summary>One datagram from the plugin. Enrol carries one descriptor, the network namespace; the others none.</summary>
public sealed record NodeRequest
{
    public const int CurrentVersion = 1;

    [JsonRequired]
    public int Version { get; init; } = CurrentVersion;

    public required NodeVerb Verb { get; init; }

    /// <summary>For Enrol.</summary>
    public Enrolment? Enrolment { get; init; }

    /// <summary>For Unenrol and Check.</summary>
    public Attachment? Attachment { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<NodeErrorKind>))]
public enum NodeErrorKind
{
    /// <summary>The request itself is wrong; repeating it does not help.</summary>
    Invalid,

    /// <summary>No such workload is enrolled.</summary>
    Unknown,

    /// <summary>It did not work now; a later attempt may.</summary>
    Unavailable,
}

/// <summary>One datagram from the daemon. A list comes in several, the last without <see cref="More"/>.</summary>
public sealed record NodeResponse
{
    public NodeErrorKind? Error { get; init; }

    /// <summary>For the operator; set with <see cref="Error"/>.</summary>
    public string? Message { get; init; }

    [JsonRequired]
    public IReadOnlyList<EnrolmentStatus> Workloads { get; init; } = [];

    public bool More { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<EnrolmentState>))]
public enum EnrolmentState
{
    Starting,
    Running,
    Failed,
}

/// <param name="Reason">Why it failed; null otherwise.</param>
public sealed record EnrolmentStatus(Enrolment Enrolment, EnrolmentState State, string? Reason = null);
