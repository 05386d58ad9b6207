using System.Net;
using Mesh.Resources.Schema;
using static Mesh.Resources.Schema.Types;

namespace Mesh.Controller.Config;

/// <summary>The fields of controller.yaml, each with its default and documentation.</summary>
internal static class ControllerConfigSchema
{
    private const int maxPathLength = 4096; // PATH_MAX of Linux

    private static readonly TextFormat endpoint = new("endpoint", value => IPEndPoint.TryParse(value, out _) && value.Contains(':') && !value.EndsWith(']')
        ? null : "must be address:port, e.g. 0.0.0.0:15010 or [::]:15010");

    private static readonly TextFormat store = new("store", value => value switch
    {
        "sqlite" => null,
        "kubernetes" => "kubernetes is not supported yet; use sqlite",
        _ when value.StartsWith("postgres://", StringComparison.Ordinal) => "PostgreSQL is not supported yet; use sqlite",
        _ => "must be sqlite",
    });

    private static readonly TextFormat virtualRange = new("cidr", value => TextFormats.Cidr.Problem(value)
        ?? (value.EndsWith("/16", StringComparison.Ordinal) && !value.Contains(':') ? null : "must be an IPv4 block of 16 bits, e.g. 240.240.0.0/16"));

    private static readonly TextFormat virtualRangeV6 = new("cidr", value => TextFormats.Cidr.Problem(value)
        ?? (value.EndsWith("/48", StringComparison.Ordinal) && value.Contains(':') ? null : "must be an IPv6 block of 48 bits, e.g. fd00:240:240::/48"));

    private static readonly TextFormat nameOrAddress = new("host", value =>
        IPAddress.TryParse(value, out _) ? TextFormats.Address.Problem(value) : TextFormats.DnsSubdomain.Problem(value));

    public static readonly ObjectType Root = new(
        Optional("listen", Text(endpoint), "Resource API and console (HTTPS).", "\"0.0.0.0:15010\""),
        Optional("nodes", Text(endpoint), "gRPC for nodes (mTLS).", "\"0.0.0.0:15012\""),
        Optional("metrics", Text(endpoint), "Metrics and readiness (HTTP).", "\"0.0.0.0:15014\""),
        Optional("data", Text(null, maxPathLength, 1), "Data directory: database, authority, and admin.kubeconfig written at first start.", "\"/var/lib/mesh/controller\""),
        Optional("store", Text(store), "Where resources are kept.", "\"sqlite\""),
        Optional("trustDomain", Text(TextFormats.DnsSubdomain), "Trust domain of all identities; cannot change once the authority exists.", "\"cluster.local\""),
        Optional("resources", ListOf(Text(null, maxPathLength, 1)), "Files and folders of resources that are applied at every start.", "[]"),
        Optional("advertise", ListOf(Text(nameOrAddress)), "More names and addresses under which clients and nodes reach the controller.", "[]"),
        Optional("virtualAddresses", Text(virtualRange), "Block from which Services get virtual addresses; meshd.yaml of every node must have the same.", "\"240.240.0.0/16\""),
        Optional("virtualAddressesV6", Text(virtualRangeV6), "Block for their IPv6 twins; meshd.yaml of every node must have the same.", "\"fd00:240:240::/48\""),
        Optional("authority", new ObjectType(
            Needed("certificateFile", Text(null, maxPathLength, 1), "PEM: the signing certificate first, then its issuers up to the root."),
            Needed("keyFile", Text(null, maxPathLength, 1), "PEM: its private key.")), "An intermediate to sign with; absent: the controller makes its own root."),
        Optional("log", new ObjectType(
            Optional("level", OneOf("debug", "info", "warning", "error"), "Least severity that is written.", "\"info\""),
            Optional("format", OneOf("text", "json", "journal"), "Form of a record.", "\"text\"")), "Logging to stdout.", "{\"level\":\"info\",\"format\":\"text\"}"));
}
