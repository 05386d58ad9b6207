namespace Mesh.Control.Keys;

/// <param name="Pkcs8">DER, unencrypted.</param>
/// <param name="Request">DER PKCS#10 signed by the key, with an empty subject: the controller decides the names.</param>
public sealed record SigningKey(byte[] Pkcs8, byte[] Request);

/// <summary>Makes keys away from the loops, because that takes time.</summary>
public interface IKeyFactory
{
    Task<SigningKey> CreateAsync();
}
