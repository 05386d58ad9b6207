namespace Mesh.Demo.Proofs;

internal sealed class HeaderPinsVersion : IProof
{
    public string Claim => "a header rule pins version 2";

    public async Task<string> ProveAsync(World world)
    {
        var (v1, v2, other) = await Catalog.CountAsync(world.Client, 200, "-H", "x-version: 2");
        Claims.Must((v1, v2, other) == (0, 200, 0), $"v1 {v1}, v2 {v2}, failed {other}");
        return "200 of 200 requests with x-version: 2 were answered by v2";
    }
}
