using System.Text;
using System.Text.Json.Nodes;
using Mesh.Resources.Reading;

namespace Mesh.Ctl.Client;

/// <summary>The parts of a kubeconfig that meshctl uses: server, authority, token or client certificate, namespace.</summary>
internal sealed record Kubeconfig(Uri Server, string? AuthorityPem, string? Token, string? CertificatePem, string? KeyPem, string Namespace)
{
    private static readonly string[] variables = ["MESHCONFIG", "KUBECONFIG"];

    /// <summary>Where the controller of this machine writes its own.</summary>
    private const string localFile = "/var/lib/mesh/controller/admin.kubeconfig";

    /// <exception cref="UsageException">There is none, or it is wrong.</exception>
    public static Kubeconfig Load(string? given)
    {
        var path = given ?? variables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrEmpty(value))
            ?? (File.Exists(localFile) ? localFile : throw new UsageException($"no kubeconfig: give --kubeconfig FILE or set MESHCONFIG; the controller writes one named admin.kubeconfig into its data directory"));
        try
        {
            return Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"kubeconfig {path} cannot be read: {failure.Message}");
        }
    }

    public static Kubeconfig Parse(ReadOnlySpan<byte> text, string path)
    {
        var (documents, errors) = DocumentReader.ReadYaml(text, path);
        if (errors.Count > 0 || documents is not [{ Root: JsonObject root }])
            throw new UsageException(errors.Count > 0 ? errors[0].ToString() : $"kubeconfig {path} must be one document");

        var context = Named(root, "contexts", root["current-context"]?.ToString(), path)["context"] as JsonObject ?? [];
        var cluster = Named(root, "clusters", context["cluster"]?.ToString(), path)["cluster"] as JsonObject ?? [];
        var user = Named(root, "users", context["user"]?.ToString(), path)["user"] as JsonObject ?? [];
        if (!Uri.TryCreate(cluster["server"]?.ToString(), UriKind.Absolute, out var server) || server.Scheme != Uri.UriSchemeHttps)
            throw new UsageException($"kubeconfig {path}: the cluster's server must be an https address, is \"{cluster["server"]}\"");

        return new Kubeconfig(
            server,
            Data(cluster, "certificate-authority", path),
            user["token"]?.ToString(),
            Data(user, "client-certificate", path),
            Data(user, "client-key", path),
            context["namespace"]?.ToString() ?? "default");
    }

    private static JsonObject Named(JsonObject root, string list, string? name, string path) =>
        (root[list] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(item => item["name"]?.ToString() == name)
        ?? throw new UsageException($"kubeconfig {path}: {list} has no entry \"{name}\"");

    /// <summary>NAME-data holds it as base64, NAME names a file.</summary>
    private static string? Data(JsonObject fields, string name, string path)
    {
        if (fields[name]?.ToString() is { } file)
            return File.ReadAllText(Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(path))!));
        if (fields[name + "-data"]?.ToString() is not { } encoded)
            return null;

        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw new UsageException($"kubeconfig {path}: {name}-data is not base64");
    }
}
