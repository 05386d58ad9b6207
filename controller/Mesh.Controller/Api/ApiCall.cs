using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Controller.Access;
using Mesh.Resources.Reading;
using Mesh.Resources.Validation;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Api;

/// <summary>One authenticated request.</summary>
internal sealed class ApiCall(HttpContext http, User user, ApiLimits limits)
{
    public HttpContext Http { get; } = http;

    public User User { get; } = user;

    public IQueryCollection Query => Http.Request.Query;

    /// <exception cref="ApiException">dryRun has another value than All.</exception>
    public bool DryRun => Query["dryRun"].ToString() switch
    {
        "" => false,
        "All" => true,
        var other => throw ApiException.BadRequest($"dryRun must be All, is \"{other}\""),
    };

    /// <summary>Media type without parameters.</summary>
    public string ContentType => (Http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    public async Task<byte[]> ReadBodyAsync()
    {
        if (Http.Request.ContentLength > limits.BodyBytes)
            throw ApiException.TooLarge(limits.BodyBytes);

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await Http.Request.Body.ReadAsync(buffer, Http.RequestAborted)) > 0)
        {
            if (body.Length + read > limits.BodyBytes)
                throw ApiException.TooLarge(limits.BodyBytes);
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    /// <summary>A body of JSON or YAML that holds one object.</summary>
    public async Task<JsonObject> ReadObjectAsync()
    {
        var body = await ReadBodyAsync();
        return ContentType switch
        {
            "" or "application/json" => ParseObject(body, yaml: false),
            "application/yaml" or "application/x-yaml" or "text/yaml" => ParseObject(body, yaml: true),
            var other => throw ApiException.UnsupportedMediaType(other, "application/json", "application/yaml"),
        };
    }

    /// <exception cref="ApiException">Malformed, several documents, or a field given twice.</exception>
    public static JsonObject ParseObject(byte[] body, bool yaml) =>
        Parse(body, yaml) as JsonObject ?? throw ApiException.BadRequest("the body must be one object");

    public static JsonNode? Parse(byte[] body, bool yaml)
    {
        var (documents, errors) = yaml ? DocumentReader.ReadYaml(body, null) : DocumentReader.ReadJson(body, null);
        if (errors.Count > 0)
            throw ApiException.BadRequest(string.Join("; ", errors.Select(Located)));

        return documents.Count == 1 ? documents[0].Root : throw ApiException.BadRequest($"the body must hold one document, holds {documents.Count}");
    }

    public async Task WriteAsync(int code, JsonObject document)
    {
        Http.Response.StatusCode = code;
        Http.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(Http.Response.BodyWriter);
        document.WriteTo(writer);
        await writer.FlushAsync(Http.RequestAborted);
    }

    /// <summary>Shown by kubectl and meshctl beside the answer (RFC 7234 5.5).</summary>
    public void Warn(string text) =>
        Http.Response.Headers.Append("Warning", $"299 - \"{new string([.. text.Where(c => c is >= ' ' and < (char)127)]).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");

    private static string Located(ResourceError error) => error.Line > 0 ? $"line {error.Line}: {error}" : error.ToString();
}
