using System.Text.Json.Nodes;
using Mesh.Controller.Access;

namespace Mesh.Controller.Api;

/// <summary>SelfSubjectAccessReview of authorization.k8s.io/v1: what `kubectl auth can-i` asks.</summary>
internal static class AccessReview
{
    public static async Task AnswerAsync(ApiCall call)
    {
        var review = await call.ReadObjectAsync();
        var wish = review["spec"]?["resourceAttributes"] as JsonObject;
        var allowed = wish is null
            ? call.User.Role == Role.Admin
            : Authorizer.Allows(call.User, Text(wish, "verb"), Text(wish, "resource"), Text(wish, "namespace"));
        review["status"] = new JsonObject { ["allowed"] = allowed, ["reason"] = $"role {call.User.Role} of {call.User.Name}" };
        await call.WriteAsync(201, review);
    }

    private static string Text(JsonObject fields, string name) => fields[name]?.ToString() ?? "";
}
