using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Mesh.Control.State;
using Mesh.Io.Tls;

namespace Mesh.Control.Identity;

/// <summary>Workload certificates on disk, one value each. Trouble with the disk costs what is stored there, never what is in force.</summary>
internal sealed class IdentityStore(IStateStore store, ControlLog log)
{
    private const string Folder = "identities";

    public async Task<List<(SpiffeId Id, HeldCertificate Held)>> LoadAsync()
    {
        var loaded = new List<(SpiffeId, HeldCertificate)>();
        foreach (string name in await ListAsync())
        {
            if (await ReadAsync(name) is { } entry) loaded.Add(entry);
        }
        return loaded;
    }

    public async Task SaveAsync(HeldCertificate held)
    {
        try
        {
            await store.WriteAsync(NameOf(held.Uri), held.Seal());
        }
        catch (IOException error)
        {
            log.Error(3023, $"the certificate of {held.Uri} could not be stored, a restart without the controller will lack it: {error.Message}");
        }
    }

    public async Task DeleteAsync(SpiffeId id)
    {
        try
        {
            await store.DeleteAsync(NameOf(id.ToString()));
        }
        catch (IOException error)
        {
            log.Error(3024, $"the stored certificate of {id} could not be deleted: {error.Message}");
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync()
    {
        try
        {
            return await store.ListAsync(Folder);
        }
        catch (IOException error)
        {
            log.Error(3025, $"the stored certificates cannot be listed: {error.Message}");
            return [];
        }
    }

    private async Task<(SpiffeId, HeldCertificate)?> ReadAsync(string name)
    {
        try
        {
            if (await store.ReadAsync(name) is not { } stored) return null;
            var held = HeldCertificate.Open(stored);
            if (SpiffeId.TryParse(held.Uri, out var id)) return (id, held);
            log.Warning(3026, $"the stored certificate {name} is for '{held.Uri}', which is not a workload: ignored");
        }
        catch (Exception error) when (error is CryptographicException or AsnContentException or IOException)
        {
            log.Warning(3026, $"the stored certificate {name} cannot be used and is asked for again: {error.Message}");
        }
        return null;
    }

    // Identities contain characters that file names do not have, and may be longer.
    private static string NameOf(string uri) =>
        $"{Folder}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uri)).AsSpan(0, 16))}";
}
