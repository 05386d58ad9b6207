return await Mesh.Soak.SoakCommand.RunAsync(args);
