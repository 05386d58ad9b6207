using System.Net;
using System.Text.Json.Nodes;
using Mesh.Resources.Reading;
using Mesh.Resources.Validation;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Config;

internal static class ControllerConfigReader
{
    /// <param name="file">Null: all defaults.</param>
    /// <returns>Null and every error, or the configuration.</returns>
    public static (ControllerConfig? Config, IReadOnlyList<ResourceError> Errors) Read(string? file)
    {
        if (file is null)
            return Check(new JsonObject(), null, ".");

        byte[] text;
        try
        {
            text = File.ReadAllBytes(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, [new ResourceError("", ErrorReason.NotFound, $"cannot be read: {failure.Message}") { File = file }]);
        }

        var (documents, errors) = DocumentReader.ReadYaml(text, file);
        if (errors.Count > 0)
            return (null, errors);
        if (documents.Count > 1)
            return (null, [new ResourceError("", ErrorReason.Invalid, "must hold one document") { File = file }]);

        var root = documents.Count == 0 ? new JsonObject() : documents[0].Root;
        return Check(root, documents.Count == 0 ? null : documents[0].Source, Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    private static (ControllerConfig? Config, IReadOnlyList<ResourceError> Errors) Check(JsonNode? root, SourceMap? source, string folder)
    {
        var errors = new ErrorSink();
        Defaulter.Apply(ControllerConfigSchema.Root, root);
        new SchemaValidator(errors).Check(ControllerConfigSchema.Root, root, "");
        return errors.Errors.Count == 0
            ? (Make(root!.AsObject(), folder), [])
            : (null, [.. errors.Errors.Select(error => error with { File = source?.File, Line = source?.LineOf(error.Path) ?? 0 })]);
    }

    private static ControllerConfig Make(JsonObject root, string folder) => new()
    {
        Listen = IPEndPoint.Parse(Text(root, "listen")),
        Nodes = IPEndPoint.Parse(Text(root, "nodes")),
        Metrics = IPEndPoint.Parse(Text(root, "metrics")),
        Data = Path.GetFullPath(Text(root, "data"), Path.GetFullPath(folder)),
        TrustDomain = Text(root, "trustDomain"),
        Advertise = [.. root["advertise"]!.AsArray().Select(item => item!.ToString())],
        VirtualPrefix = IPAddress.Parse(Text(root, "virtualAddresses").Split('/')[0]).GetAddressBytes()[..2],
        VirtualPrefixV6 = IPAddress.Parse(Text(root, "virtualAddressesV6").Split('/')[0]).GetAddressBytes()[..6],
        Resources = [.. root["resources"]!.AsArray().Select(item => Path.GetFullPath(item!.ToString(), Path.GetFullPath(folder)))],
        AuthorityCertificateFile = OptionalPath(root["authority"]?["certificateFile"], folder),
        AuthorityKeyFile = OptionalPath(root["authority"]?["keyFile"], folder),
        LogLevel = Text(root["log"]!.AsObject(), "level") switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        },
        LogFormat = Enum.Parse<LogFormat>(Text(root["log"]!.AsObject(), "format"), ignoreCase: true),
    };

    private static string Text(JsonObject fields, string name) => fields[name]!.ToString();

    private static string? OptionalPath(JsonNode? node, string folder) => node is null ? null : Path.GetFullPath(node.ToString(), Path.GetFullPath(folder));
}
