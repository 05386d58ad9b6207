using Mesh.Cni.Spec;

namespace Mesh.Cni.Workloads;

/// <summary>Who the workload is, as far as the runtime tells.</summary>
/// <param name="ServiceAccount">Null when only the daemon can find out.</param>
internal sealed record WorkloadIdentity(
    string Namespace, string Name, string? ServiceAccount, string? PodUid, IReadOnlyDictionary<string, string> Labels)
{
    private const string Default = "default";

    /// <summary>MESH_ names win over Kubernetes' own; CNI_ARGS wins over args.cni. A runtime that says nothing (ctr) gets the container's id in namespace default,
    /// with the least privileged service account.</summary>
    /// <param name="find">Value of a name, or null.</param>
    /// <exception cref="CniException">Code 4, naming what is malformed.</exception>
    internal static WorkloadIdentity From(Func<string, string?> find, string containerId)
    {
        string? podNamespace = find("K8S_POD_NAMESPACE");
        string workloadNamespace = find("MESH_NAMESPACE") ?? podNamespace ?? Default;
        string name = find("MESH_WORKLOAD") ?? find("K8S_POD_NAME") ?? containerId;
        // podman sends a pod name without a namespace and has no service accounts; Kubernetes sends both and only its API knows the account.
        string? account = find("MESH_SERVICE_ACCOUNT") ?? (podNamespace is null ? Default : null);
        var faults = new List<string>();
        var labels = LabelSet.Parse(find("MESH_LABELS") ?? "", faults);
        Validate(workloadNamespace, name, account, faults);
        if (faults.Count == 0) return new(workloadNamespace, name, account, find("K8S_POD_UID"), labels);
        throw new CniException(CniErrorCode.InvalidEnvironment, "invalid workload in CNI_ARGS or args.cni: " + string.Join("; ", faults));
    }

    internal static void Validate(string workloadNamespace, string name, string? account, List<string> faults)
    {
        if (!IsLabel(workloadNamespace)) faults.Add($"namespace '{workloadNamespace}' must be 1 to 63 lower case letters, digits and '-'");
        if (!IsWorkloadName(name)) faults.Add($"workload '{name}' must be 1 to 253 letters, digits, '.', '-' and '_', beginning and ending with a letter or digit");
        if (account is not null && !IsSubdomain(account)) faults.Add($"service account '{account}' must be 1 to 253 lower case letters, digits, '-' and '.'");
    }

    private static bool IsLabel(string text) => text.Length is > 0 and <= 63 && IsBounded(text) && text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static bool IsSubdomain(string text) => text.Length is > 0 and <= 253 && text.Split('.').All(IsLabel);

    /// <summary>Wider than Kubernetes: container names may have upper case and '_'.</summary>
    private static bool IsWorkloadName(string text) =>
        text.Length is > 0 and <= 253 && IsBounded(text) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static bool IsBounded(string text) => char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
}
