using Mesh.Cni;

return Entry.Run(args, new PluginHost(
    Environment.GetEnvironmentVariable, new StandardStream(0), new StandardStream(1), new StandardStream(2), TimeProvider.System));
