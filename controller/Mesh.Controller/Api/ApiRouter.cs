using Mesh.Controller.Access;
using Mesh.Controller.Hosting;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Api;

/// <summary>From method and path to the endpoint, after asking whether the user may.</summary>
internal sealed class ApiRouter(ReadEndpoints reads, WriteEndpoints writes, WatchEndpoint watches, TokenEndpoints tokens, AuditEndpoint audit)
{
    public Task RouteAsync(ApiCall call, string method, string[] segments)
    {
        if (segments is ["version"] && HttpMethods.IsGet(method))
            return call.WriteAsync(200, ProgramVersion.Document());
        if (HttpMethods.IsGet(method) && Discovery.Find(segments, ProgramVersion.Text) is { } document)
            return call.WriteAsync(200, document);
        if (segments is ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"])
            return OnlyPost(method) ?? AccessReview.AnswerAsync(call);
        if (segments is ["apis", "mesh.internal", "v1", var plural] && FindPlain(plural) is { } plain)
            return RoutePlain(call, method, plural, plain);
        if (ResourcePath.Parse(segments) is not { } path)
            throw ApiException.PathNotFound();

        return RouteResource(call, method, path);
    }

    private (string Method, Func<ApiCall, Task> Endpoint)? FindPlain(string plural) => plural switch
    {
        "jointokens" => (HttpMethods.Post, tokens.CreateJoinTokenAsync),
        "accesstokens" => (HttpMethods.Post, tokens.CreateAccessTokenAsync),
        "audit" => (HttpMethods.Get, audit.ListAsync),
        _ => null,
    };

    private static Task RoutePlain(ApiCall call, string method, string plural, (string Method, Func<ApiCall, Task> Endpoint) plain)
    {
        if (method != plain.Method)
            throw ApiException.MethodNotAllowed(method);

        Authorize(call, HttpMethods.IsGet(method) ? "list" : "create", plural, "");
        return plain.Endpoint(call);
    }

    private Task RouteResource(ApiCall call, string method, ResourcePath path)
    {
        var (verb, endpoint) = Choose(call, method, path);
        Authorize(call, verb, path.Kind.Plural, path.Namespace);
        return endpoint(call, path);
    }

    private (string Verb, Func<ApiCall, ResourcePath, Task> Endpoint) Choose(ApiCall call, string method, ResourcePath path)
    {
        var watching = call.Query["watch"].ToString() is "1" or "true";
        var everyNamespace = path.Kind.Namespaced && path.Namespace.Length == 0;
        return (method, path.Name, path.Subresource) switch
        {
            ("GET", _, null) when watching => ("watch", watches.WatchAsync),
            ("GET", null, _) => ("list", reads.ListAsync),
            ("GET", _, _) => ("get", reads.GetAsync),
            ("POST", null, null) when !everyNamespace => ("create", writes.CreateAsync),
            ("PUT", not null, _) => ("update", writes.UpdateAsync),
            ("PATCH", not null, _) => ("patch", writes.PatchAsync),
            ("DELETE", not null, null) => ("delete", writes.DeleteAsync),
            ("DELETE", null, null) when !everyNamespace => ("deletecollection", writes.DeleteCollectionAsync),
            _ => throw ApiException.MethodNotAllowed(method),
        };
    }

    private static void Authorize(ApiCall call, string verb, string plural, string space)
    {
        if (!Authorizer.Allows(call.User, verb, plural, space))
            throw ApiException.Forbidden($"user \"{call.User.Name}\" with role {call.User.Role} may not {verb} {plural}{(space.Length > 0 ? " in namespace " + space : "")}");
    }

    private static Task? OnlyPost(string method) => HttpMethods.IsPost(method) ? null : throw ApiException.MethodNotAllowed(method);
}
