using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Access;

internal sealed class Authenticator(AccessTokens tokens)
{
    private const string scheme = "Bearer ";

    /// <returns>Null when the request carries no valid token.</returns>
    public User? Find(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? tokens.Find(header[scheme.Length..].Trim()) : null;
    }
}
