namespace Mesh.Cni.Spec;

/// <summary>The CNI_ variables, checked as the specification asks.</summary>
internal sealed record CniEnvironment(string ContainerId, string InterfaceName, string NamespacePath, CniArguments Arguments)
{
    private const int MaxInterfaceNameLength = 15; // IFNAMSIZ - 1

    /// <param name="needsNamespace">False for DEL: runtimes pass an empty CNI_NETNS when the namespace is gone already.</param>
    /// <exception cref="CniException">Code 4, naming every variable at fault.</exception>
    internal static CniEnvironment Read(Func<string, string?> environment, bool needsNamespace)
    {
        var faults = new List<string>();
        string container = environment("CNI_CONTAINERID") ?? "";
        if (!IsContainerId(container)) faults.Add($"CNI_CONTAINERID='{container}' must begin with a letter or digit and hold only letters, digits, '_', '.', '-'");
        string name = environment("CNI_IFNAME") ?? "";
        if (!IsInterfaceName(name)) faults.Add($"CNI_IFNAME='{name}' is not an interface name of 1 to {MaxInterfaceNameLength} characters");
        string path = environment("CNI_NETNS") ?? "";
        if (needsNamespace && path.Length == 0) faults.Add("CNI_NETNS is empty");
        if (!CniArguments.TryParse(environment("CNI_ARGS") ?? "", out var arguments, out string fault)) faults.Add($"CNI_ARGS: {fault}");
        if (faults.Count == 0) return new(container, name, path, arguments);
        throw new CniException(CniErrorCode.InvalidEnvironment, "invalid environment: " + string.Join("; ", faults));
    }

    private static bool IsContainerId(string text) =>
        text.Length is > 0 and <= 256 && char.IsAsciiLetterOrDigit(text[0]) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    private static bool IsInterfaceName(string text) =>
        text.Length is > 0 and <= MaxInterfaceNameLength && text is not ("." or "..") && text.All(static c => c is > ' ' and < (char)127 and not ('/' or ':'));
}
