using Mesh.Scale;

int services = Option("--services", 10_000);
int workloads = Option("--workloads", 100_000);
switch (args.FirstOrDefault())
{
    case "rooms":
        await Rooms.RunAsync(new ScaleWorld(services, workloads));
        return 0;
    case "seed":
        await WholeMesh.SeedAsync(args[1], new ScaleWorld(services, workloads));
        return 0;
    case "whole":
        await using (var whole = new WholeMesh(args[1], args[2])) await whole.RunAsync(new ScaleWorld(services, workloads));
        return 0;
    default:
        Console.Error.WriteLine("usage: Mesh.Scale rooms | seed DATABASE | whole PROGRAMS DATABASE   [--services N] [--workloads M]");
        return 2;
}

int Option(string name, int standard) => Array.IndexOf(args, name) is var at and >= 0 ? int.Parse(args[at + 1]) : standard;
