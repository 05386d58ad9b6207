using Mesh.Controller.Identity;
using Mesh.Store;

namespace Mesh.Controller.Registry;

/// <summary>Join tokens in the store's database.</summary>
internal sealed class JoinTokenStore(ISecretStore secrets) : IJoinTokenStore
{
    public Task<byte[]?> GetAsync(string key) => Task.FromResult(secrets.Get(key));

    public Task PutAsync(string key, byte[] value)
    {
        secrets.Put(key, value);
        return Task.CompletedTask;
    }
}
