using Mesh.Cni;

return Entry.Run(args, new PluginHost(
    Environment.GetEnvironmentVariable,
    Console.OpenStandardInput(),
    Console.OpenStandardOutput(),
    Console.OpenStandardError(),
    TimeProvider.System));
