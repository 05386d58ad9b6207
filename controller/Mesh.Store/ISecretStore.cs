namespace Mesh.Store;

/// <summary>Small byte values that must survive with the resources: keys of the authority, join tokens. Durable on return. Any thread.</summary>
public interface ISecretStore
{
    byte[]? Get(string key);

    /// <summary>Keys that start with the prefix, in order.</summary>
    IReadOnlyList<string> Keys(string prefix);

    void Put(string key, ReadOnlySpan<byte> value);

    void Delete(string key);
}
