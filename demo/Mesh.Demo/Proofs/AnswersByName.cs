namespace Mesh.Demo.Proofs;

internal sealed class AnswersByName : IProof
{
    public string Claim => "curl http://catalog.shop.mesh/ from the other machine is answered";

    public async Task<string> ProveAsync(World world)
    {
        string address = (await world.Client.Space.MustAsync("getent ahostsv4 catalog.shop.mesh")).Split(' ')[0];
        Claims.Must(address.StartsWith("240.240.", StringComparison.Ordinal), $"catalog.shop.mesh resolves to '{address}', not to a virtual address");
        var (status, answer) = await Catalog.GetAsync(world.Client);
        Claims.Must(status == 200 && answer.Contains(World.Marker, StringComparison.Ordinal), $"status {status}: {answer}");
        return $"200 from {answer.Trim().Split('\n')[^1].Split(' ')[1]} on node-b, name resolved to {address}";
    }
}
