namespace Mesh.Demo.Proofs;

internal sealed class ApplicationSeesClient : IProof
{
    public string Claim => "nginx's own access log shows the client workload's real address";

    public async Task<string> ProveAsync(World world)
    {
        string[] addresses = [.. (await LinesAsync(world.CatalogV1.Folder)).Concat(await LinesAsync(world.CatalogV2.Folder))
            .Select(line => line.Split(' ')[0]).Distinct()];
        Claims.Must(addresses is [var only] && only == world.Client.Address,
            $"the access logs name {string.Join(", ", addresses)}; the client is {world.Client.Address}");
        return $"every record of both nginx names {world.Client.Address}, the address of shop/client on node-a";
    }

    private static async Task<string[]> LinesAsync(string folder) => await File.ReadAllLinesAsync(Path.Combine(folder, "access.log"));
}
