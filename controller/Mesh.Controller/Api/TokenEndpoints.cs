using System.Text.Json.Nodes;
using Mesh.Controller.Access;
using Mesh.Controller.Identity;
using Mesh.Resources.Schema;

namespace Mesh.Controller.Api;

/// <summary>Tokens for machines that join and for people. Both are shown once, in the answer.</summary>
internal sealed class TokenEndpoints(JoinTokens joinTokens, AccessTokens accessTokens, TimeProvider time)
{
    private static readonly TimeSpan defaultLifetime = TimeSpan.FromHours(1); // long enough to set up a machine, short enough to forget

    /// <summary>{ttl, node, uses} to {token, expires}.</summary>
    public async Task CreateJoinTokenAsync(ApiCall call)
    {
        var wish = await call.ReadObjectAsync();
        OnlyFields(wish, "ttl", "node", "uses");
        var ttl = wish["ttl"]?.ToString();
        var lifetime = defaultLifetime;
        if (ttl is not null && !GatewayDuration.TryParse(ttl, out lifetime))
            throw ApiException.BadRequest($"ttl must be a duration like 1h or 30m, is \"{ttl}\"");
        if (!int.TryParse(wish["uses"]?.ToString() ?? "1", out var uses))
            throw ApiException.BadRequest("uses must be a number");

        try
        {
            var token = joinTokens.Create(lifetime, wish["node"]?.ToString(), uses);
            await call.WriteAsync(201, new JsonObject { ["token"] = token, ["expires"] = (time.GetUtcNow() + lifetime).ToString("u") });
        }
        catch (ArgumentException refused)
        {
            throw ApiException.BadRequest(refused.Message);
        }
    }

    /// <summary>{user, role, namespaces} to {token}.</summary>
    public async Task CreateAccessTokenAsync(ApiCall call)
    {
        var wish = await call.ReadObjectAsync();
        OnlyFields(wish, "user", "role", "namespaces");
        if (wish["user"]?.ToString() is not { Length: > 0 and <= 253 } name)
            throw ApiException.BadRequest("user must be a name of at most 253 characters");
        if (!Enum.TryParse<Role>(wish["role"]?.ToString(), ignoreCase: true, out var role) || !Enum.IsDefined(role))
            throw ApiException.BadRequest("role must be admin, operator or viewer");

        var namespaces = (wish["namespaces"] as JsonArray ?? []).Select(item => item?.ToString() ?? "").ToList();
        if (role == Role.Operator && namespaces.Count == 0)
            throw ApiException.BadRequest("namespaces must be given for an operator");

        await call.WriteAsync(201, new JsonObject { ["token"] = accessTokens.Create(new User(name, role, namespaces)) });
    }

    private static void OnlyFields(JsonObject wish, params ReadOnlySpan<string> names)
    {
        foreach (var (name, _) in wish)
        {
            if (!names.Contains(name))
                throw ApiException.BadRequest($"unknown field {name}; there are {string.Join(", ", names.ToArray())}");
        }
    }
}
