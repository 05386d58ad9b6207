namespace Mesh.Demo.Proofs;

/// <summary>2,000 draws with probability 0.1 have a standard deviation of 13.4; four and a half of them are missed once in 150,000 runs.</summary>
internal sealed class WeightsHold : IProof
{
    private const int Requests = 2000;
    private const int Expected = 200;
    private const int Tolerance = 60;

    public string Claim => $"weights of 90 to 10 hold over {Requests} requests";

    public async Task<string> ProveAsync(World world)
    {
        var (v1, v2, other) = await Catalog.CountAsync(world.Client, Requests);
        Claims.Must(other == 0, $"{other} of {Requests} requests had no answer of the catalog");
        Claims.Must(Math.Abs(v2 - Expected) <= Tolerance, $"v1 {v1}, v2 {v2}: expected {Expected} of v2, give or take {Tolerance}");
        return $"v1 {v1}, v2 {v2}, none failed (expected {Expected} of v2, tolerance {Tolerance} = 4.5 standard deviations)";
    }
}
