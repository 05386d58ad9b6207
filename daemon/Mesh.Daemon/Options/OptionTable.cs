using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mesh.Daemon.Logging;
using Mesh.Io;
using Mesh.Resources.Schema;
using Mesh.Telemetry.Logging;

namespace Mesh.Daemon.Options;

/// <summary>One option, for the file and for the command line.</summary>
/// <param name="Path">In meshd.yaml, with dots.</param>
/// <param name="Help">User documentation.</param>
/// <param name="IsList">Several values: a sequence in the file, a switch that can be repeated on the command line.</param>
/// <param name="Apply">Sets it from its texts, exactly one unless it is a list; the folder is what relative paths are relative to.
/// Throws <see cref="FormatException"/> with a sentence that says what is expected.</param>
internal sealed record OptionDeclaration(
    string Path, string Help, bool IsList, Func<MeshdOptions, IReadOnlyList<string>, string, MeshdOptions> Apply)
{
    /// <summary>log.level is --log-level, stateDirectory is --state-directory.</summary>
    internal string Switch => "--" + string.Concat(Path.Select(c => c == '.' ? "-" : char.IsUpper(c) ? "-" + char.ToLowerInvariant(c) : c.ToString()));
}

/// <summary>Every option of meshd, in the order in which users read about them.</summary>
internal static class OptionTable
{
    private const int MaxWorkers = 1024;

    private static readonly TimeSpan maxDrain = TimeSpan.FromHours(1);

    internal static readonly IReadOnlyList<OptionDeclaration> All =
    [
        Single("node", "Name of this machine's Node resource. Default: the host name in lower case.",
            (options, text, _) => options with { Node = NodeName(text) }),
        Single("controller", "Address of the controller, https://host:15012. Without it meshd runs standalone.",
            (options, text, _) => options with { Controller = ControllerUri(text) }),
        Single("trust.caFile", "PEM file with the certificates of the authorities that the controller's certificate may come from.",
            (options, text, folder) => options with { CaFile = FilePath(text, folder) }),
        Single("trust.joinTokenFile", "File with the token that proves this machine to the controller when it joins.",
            (options, text, folder) => options with { JoinTokenFile = FilePath(text, folder) }),
        new("resources", "Standalone: files or folders of resources. Relative paths start at the folder of the configuration file.", IsList: true,
            (options, texts, folder) => options with { Resources = [.. texts.Select(text => FilePath(text, folder))] }),
        Single("workers", "Number of worker loops, each one thread. 0, the default, means one for each core.",
            (options, text, _) => options with { Workers = WorkerCount(text) }),
        Single("admin", "Address of the admin interface; loopback only, because it has no authentication. Default: 127.0.0.1:15000.",
            (options, text, _) => options with { Admin = Loopback(Address(text)) }),
        Single("metrics", "Address for scrapes of /metrics. Default: [::]:15020, both families.",
            (options, text, _) => options with { Metrics = Address(text) }),
        Single("readiness", "Address of /readyz and /livez. Default: [::]:15021, both families.",
            (options, text, _) => options with { Readiness = Address(text) }),
        Single("stateDirectory", "Folder for what must survive a restart: last good configuration, keys, certificates, enrolments. Default: /var/lib/mesh.",
            (options, text, folder) => options with { StateDirectory = FilePath(text, folder) }),
        Single("nodeSocket", "Unix socket on which mesh-cni reaches meshd. Default: /run/mesh/node.sock.",
            (options, text, folder) => options with { NodeSocket = FilePath(text, folder) }),
        Single("virtualAddresses", "Block of 16 bits from which Services get virtual IPv4 addresses; as in the controller's configuration. Default: 240.240.0.0/16.",
            (options, text, _) => options with { VirtualRanges = options.VirtualRanges with { V4 = Block(text, AddressFamily.InterNetwork, 16) } }),
        Single("virtualAddressesV6", "Block of 48 bits for their IPv6 twins; as in the controller's configuration. Default: fd00:240:240::/48.",
            (options, text, _) => options with { VirtualRanges = options.VirtualRanges with { V6 = Block(text, AddressFamily.InterNetworkV6, 48) } }),
        Single("drainTimeout", "How long requests and connections have to end when meshd is asked to stop, as in 5s or 1m30s; 0s cuts at once. At most 1h. Default: 5s.",
            (options, text, _) => options with { DrainTimeout = Duration(text) }),
        Single("log.level", "debug, info, warning or error. Default: info.",
            (options, text, _) => options with { LogLevel = Choice<LogLevel>(text) }),
        Single("log.format", "text, json or journal (the journal's own fields). Default: text.",
            (options, text, _) => options with { LogFormat = Choice<LogFormat>(text) }),
    ];

    /// <summary>What no single option can know. One sentence for each problem.</summary>
    internal static IEnumerable<string> CheckTogether(MeshdOptions options)
    {
        if (options.Controller is not null && options.Resources.Count > 0)
            yield return "resources: cannot be combined with controller; resources come either from files or from the controller";
        if (options.Controller is null && options.JoinTokenFile is not null)
            yield return "trust.joinTokenFile: is of no use without controller";
        var addresses = new[] { ("admin", options.Admin), ("metrics", options.Metrics), ("readiness", options.Readiness) };
        foreach (var (name, address) in addresses)
        {
            var (other, taken) = addresses.First(candidate => candidate.Item2.Port == address.Port);
            if (address.Port != 0 && other != name) yield return $"{name}: port {taken.Port} is already the one of {other}";
        }
    }

    private static OptionDeclaration Single(string path, string help, Func<MeshdOptions, string, string, MeshdOptions> apply) =>
        new(path, help, IsList: false, (options, texts, folder) => apply(options, texts[0], folder));

    private static string NodeName(string text)
    {
        bool good = text.Length is > 0 and <= 253 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
            && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');
        return good ? text : throw new FormatException($"'{text}' is not a resource name: lower case letters, digits, '-' and '.', at most 253");
    }

    private static Uri ControllerUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "https", AbsolutePath: "/", Query: "" } && uri.Host.Length > 0
            ? uri
            : throw new FormatException($"'{text}' is not an address of the form https://host:port");

    private static string FilePath(string text, string folder) =>
        text.Length > 0 ? Path.GetFullPath(text, folder) : throw new FormatException("a path is expected, not an empty text");

    private static int WorkerCount(string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count > MaxWorkers)
            throw new FormatException($"'{text}' is not a number of loops from 0 to {MaxWorkers}");
        return count == 0 ? Environment.ProcessorCount : count;
    }

    private static TimeSpan Duration(string text)
    {
        if (GatewayDuration.TryParse(text, out var value) && value <= maxDrain) return value;
        throw new FormatException($"'{text}' is not a duration of at most {maxDrain.TotalHours:0}h, as in 5s, 500ms or 1m30s");
    }

    private static IPNetwork Block(string text, AddressFamily family, int bits) =>
        IPNetwork.TryParse(text, out var block) && block.PrefixLength == bits && block.BaseAddress.AddressFamily == family
            && block.BaseAddress.Equals(IPAddress.Parse(text.AsSpan(0, text.IndexOf('/')))) // bits behind the prefix are a slip
            ? block
            : throw new FormatException($"'{text}' is not {(bits == 16 ? "an IPv4 block of 16 bits, as in 240.240.0.0/16" : "an IPv6 block of 48 bits, as in fd00:240:240::/48")}");

    private static IpPort Address(string text) =>
        IpPort.TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not address:port, as in 127.0.0.1:15000 or [::1]:15000");

    private static IpPort Loopback(IpPort address) =>
        address.Address.IsLoopback ? address : throw new FormatException($"{address} is not a loopback address; the admin interface has no authentication");

    private static T Choice<T>(string text) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (value.ToString().ToLowerInvariant() == text) return value;
        }
        throw new FormatException($"'{text}' is none of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");
    }
}
