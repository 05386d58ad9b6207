namespace Mesh.Demo.Proofs;

/// <summary>One claim about the mesh. It is proved by what tools outside the mesh see, never by what the mesh says of itself alone.</summary>
internal interface IProof
{
    string Claim { get; }

    /// <returns>The evidence, one line.</returns>
    /// <exception cref="ProofFailedException">What was seen instead.</exception>
    Task<string> ProveAsync(World world);
}

internal sealed class ProofFailedException(string seen) : Exception(seen);

internal static class Claims
{
    public static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new ProofFailedException(otherwise);
    }
}
