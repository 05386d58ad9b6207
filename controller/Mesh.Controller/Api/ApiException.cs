using Mesh.Resources.Schema;
using Mesh.Resources.Validation;

namespace Mesh.Controller.Api;

/// <summary>A request that cannot be served, in the terms of a Kubernetes Status.</summary>
internal sealed class ApiException(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public KindSchema? Kind { get; private init; }

    public string? Name { get; private init; }

    public IReadOnlyList<ResourceError> Causes { get; private init; } = [];

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "a valid bearer token is needed: use the kubeconfig that the controller wrote, or one made from a token of its administrator");

    public static ApiException Forbidden(string message) => new(403, "Forbidden", message);

    public static ApiException PathNotFound() => new(404, "NotFound", "the server could not find the requested resource");

    public static ApiException NotFound(KindSchema kind, string name) => new(404, "NotFound", $"{Qualified(kind)} \"{name}\" not found") { Kind = kind, Name = name };

    public static ApiException MethodNotAllowed(string method) => new(405, "MethodNotAllowed", $"{method} is not allowed here");

    public static ApiException NotAcceptable() => new(406, "NotAcceptable", "only application/json is offered");

    public static ApiException AlreadyExists(KindSchema kind, string name) => new(409, "AlreadyExists", $"{Qualified(kind)} \"{name}\" already exists") { Kind = kind, Name = name };

    public static ApiException Conflict(KindSchema kind, string name, string message) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(kind)} \"{name}\": {message}") { Kind = kind, Name = name };

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException TooLarge(long limitBytes) => new(413, "RequestEntityTooLarge", $"the body must be at most {limitBytes} bytes");

    public static ApiException UnsupportedMediaType(string? given, params string[] offered) =>
        new(415, "UnsupportedMediaType", $"content type \"{given}\" is not supported; use {string.Join(", ", offered)}");

    public static ApiException TooManyRequests(string message) => new(429, "TooManyRequests", message);

    /// <summary>A body that could be read and is not a valid resource.</summary>
    public static ApiException Invalid(KindSchema kind, string name, IReadOnlyList<ResourceError> causes) =>
        new(422, "Invalid", $"{kind.Kind} \"{name}\" is invalid: {string.Join("; ", causes.Select(cause => cause.Path.Length > 0 ? $"{cause.Path}: {cause.Message}" : cause.Message))}")
        {
            Kind = kind,
            Name = name,
            Causes = causes,
        };

    private static string Qualified(KindSchema kind) => kind.Group.Length == 0 ? kind.Plural : $"{kind.Plural}.{kind.Group}";
}
