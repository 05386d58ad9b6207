using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mesh.Store;

namespace Mesh.Controller.Access;

/// <summary>
/// Bearer tokens of people and programs: 256 random bits, stored as their hashes, so that a copy of the database opens nothing. Looking one up
/// by its hash tells nothing about others, which is why no constant-time comparison is needed.
/// </summary>
internal sealed class AccessTokens(ISecretStore secrets)
{
    private const string prefix = "access-token/";
    private const int tokenBytes = 32;
    private const int maxTokenLength = 256;

    /// <returns>The token, which exists nowhere else.</returns>
    public string Create(User user)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(tokenBytes));
        secrets.Put(KeyOf(token), JsonSerializer.SerializeToUtf8Bytes(user, UserJson.Default.User));
        return token;
    }

    public User? Find(string token) => token.Length is > 0 and <= maxTokenLength && secrets.Get(KeyOf(token)) is { } stored
        ? JsonSerializer.Deserialize(stored, UserJson.Default.User) : null;

    private static string KeyOf(string token) => prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
