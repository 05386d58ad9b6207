using System.Net;
using System.Text.RegularExpressions;

namespace Mesh.Resources.Schema;

internal static partial class TextFormats
{
    public static readonly TextFormat DnsLabel = new("dns-label", value => LabelRegex().IsMatch(value)
        ? null : "must be a DNS label: at most 63 lower case letters, digits or '-', starting and ending with a letter or digit");

    public static readonly TextFormat DnsSubdomain = new("dns-subdomain", value => IsSubdomain(value)
        ? null : "must be a DNS name: lower case letters, digits, '-' and '.', at most 253 characters, each part starting and ending with a letter or digit");

    /// <summary>Service names become DNS labels that must not start with a digit (RFC 1035).</summary>
    public static readonly TextFormat ServiceName = new("dns1035-label", value => LabelRegex().IsMatch(value) && char.IsAsciiLetter(value[0])
        ? null : "must be a DNS label that starts with a letter: at most 63 lower case letters, digits or '-'");

    public static readonly TextFormat Hostname = new("hostname", value => IsSubdomain(value.StartsWith("*.", StringComparison.Ordinal) ? value[2..] : value)
        && !IPAddress.TryParse(value, out _) ? null : "must be a DNS name, optionally starting with '*.'; addresses are not allowed");

    /// <summary>IANA_SVC_NAME of RFC 6335.</summary>
    public static readonly TextFormat PortName = new("port-name", value => value.Length <= 15 && LabelRegex().IsMatch(value)
        && !value.Contains("--", StringComparison.Ordinal) && value.Any(char.IsAsciiLetter)
        ? null : "must be at most 15 lower case letters, digits or single '-', with at least one letter");

    public static readonly TextFormat LabelKey = new("label-key", value => IsQualifiedName(value)
        ? null : "must be a name of at most 63 letters, digits, '-', '_' or '.', optionally with a DNS prefix and '/'");

    public static readonly TextFormat LabelValue = new("label-value", value => value.Length == 0 || NamePartRegex().IsMatch(value)
        ? null : "must be at most 63 letters, digits, '-', '_' or '.', starting and ending with a letter or digit");

    public static readonly TextFormat Address = new("ip", value => IsCanonicalAddress(value)
        ? null : "must be an IPv4 or IPv6 address, e.g. 10.0.0.1 or fd00::1");

    public static readonly TextFormat ClusterAddress = new("ip", value => value is "" or "None" || IsCanonicalAddress(value)
        ? null : "must be an IPv4 or IPv6 address, \"None\" or empty");

    public static readonly TextFormat Cidr = new("cidr", CidrProblem);

    public static readonly TextFormat Duration = new("duration", value => GatewayDuration.TryParse(value, out _)
        ? null : "must be a duration like 10s, 250ms or 1h30m: up to four numbers of at most five digits, each with h, m, s or ms");

    public static readonly TextFormat HttpPath = new("http-path", PathProblem);

    public static readonly TextFormat HttpToken = new("http-token", value => HttpTokenRegex().IsMatch(value)
        ? null : "must be an HTTP token (RFC 9110): letters, digits or !#$%&'*+-.^_`|~");

    public static readonly TextFormat HeaderValue = new("header-value", value => value.All(c => c == '\t' || (c >= ' ' && c != 0x7f))
        ? null : "must not contain control characters");

    /// <summary>A field of the access log: what JSON, text and the journal all take as a name.</summary>
    public static readonly TextFormat FieldName = new("field-name", value => FieldNameRegex().IsMatch(value)
        ? null : "must be at most 48 lower case letters, digits or '_', starting with a letter");

    public static readonly TextFormat PortNumberText = new("port", value => ushort.TryParse(value, out var port) && port > 0 && value == port.ToString()
        ? null : "must be a port number between 1 and 65535");

    /// <summary>What a .proto file can name.</summary>
    public static readonly TextFormat GrpcService = new("grpc-service", value => GrpcServiceRegex().IsMatch(value)
        ? null : "must be the full name of a service, like shop.v1.Catalog: letters, digits or '_', parts separated by '.'");

    public static readonly TextFormat GrpcMethod = new("grpc-method", value => GrpcMethodRegex().IsMatch(value)
        ? null : "must be the name of a method, like ListItems: letters, digits or '_', not starting with a digit");

    /// <summary>"value", "prefix*", "*suffix" or "*" (present).</summary>
    public static readonly TextFormat Pattern = new("pattern", value =>
        value.Length > 0 && value.TrimStart('*').TrimEnd('*') is var inner && !inner.Contains('*') && value.Length - inner.Length <= 1
        ? null : "must be exact, \"prefix*\", \"*suffix\" or \"*\"; a '*' elsewhere is not allowed");

    /// <summary>Names of modules have dots; their number is open, so an unknown name is a name.</summary>
    public static readonly TextFormat RedisCommand = new("redis-command", value => RedisCommandRegex().IsMatch(value)
        ? null : "must be a command (get), a command with its subcommand (config|set) or a category: @read, @write, @admin, @dangerous, @blocking, @pubsub, @connection, @transaction, @scripting or @keyspace");

    public static readonly TextFormat ServiceAccount = new("service-account", value =>
        value.Split('/') is { Length: <= 2 } parts && parts.All(IsSubdomain)
        ? null : "must be \"name\" (in the policy's namespace) or \"namespace/name\"");

    public static bool IsSubdomain(string value) =>
        value.Length is > 0 and <= 253 && value.Split('.').All(part => LabelRegex().IsMatch(part));

    private static bool IsQualifiedName(string value) => value.Split('/') switch
    {
        [var name] => NamePartRegex().IsMatch(name),
        [var prefix, var name] => IsSubdomain(prefix) && NamePartRegex().IsMatch(name),
        _ => false,
    };

    // IPAddress.TryParse also takes "1", "0x7f.1" and scoped addresses, which no peer would read the same way.
    private static bool IsCanonicalAddress(string value) =>
        IPAddress.TryParse(value, out var address) && !value.Contains('%') && !value.Contains('[')
        && (value.Contains(':') || address.ToString() == value);

    private static string? CidrProblem(string value)
    {
        const string shape = "must be an address block like 10.0.0.0/8 or fd00::/16";
        var slash = value.IndexOf('/');
        if (slash < 0 || !IsCanonicalAddress(value[..slash]) || !byte.TryParse(value[(slash + 1)..], out var length))
            return shape;

        var address = IPAddress.Parse(value[..slash]).GetAddressBytes();
        if (length > address.Length * 8)
            return shape;

        return HostBitsAreZero(address, length) ? null : $"has bits set beyond its prefix of {length} bits; write the network address";
    }

    private static bool HostBitsAreZero(byte[] address, int prefixBits)
    {
        for (var bit = prefixBits; bit < address.Length * 8; bit++)
        {
            if ((address[bit / 8] & (0x80 >> (bit % 8))) != 0)
                return false;
        }

        return true;
    }

    private static string? PathProblem(string value)
    {
        if (!value.StartsWith('/'))
            return "must start with '/'";

        string[] forbidden = ["//", "/./", "/../", "%2f", "%2F", "#"];
        if (forbidden.FirstOrDefault(part => value.Contains(part, StringComparison.Ordinal)) is { } found)
            return $"must not contain \"{found}\"";

        return value.EndsWith("/.", StringComparison.Ordinal) || value.EndsWith("/..", StringComparison.Ordinal) ? "must not end with \"/.\" or \"/..\"" : null;
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,47}$")]
    private static partial Regex FieldNameRegex();

    [GeneratedRegex("^(@(read|write|admin|dangerous|blocking|pubsub|connection|transaction|scripting|keyspace)|[A-Za-z][A-Za-z0-9._-]{0,62}(\\|[A-Za-z][A-Za-z0-9._-]{0,62})?)\\z")]
    private static partial Regex RedisCommandRegex();

    [GeneratedRegex("^\\.?[A-Za-z_][A-Za-z_0-9]*(\\.[A-Za-z_][A-Za-z_0-9]*)*\\z")]
    private static partial Regex GrpcServiceRegex();

    [GeneratedRegex("^[A-Za-z_][A-Za-z_0-9]*\\z")]
    private static partial Regex GrpcMethodRegex();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\z")]
    private static partial Regex LabelRegex();

    [GeneratedRegex("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\\z")]
    private static partial Regex NamePartRegex();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+\\z")]
    private static partial Regex HttpTokenRegex();
}
