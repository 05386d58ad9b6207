return await Mesh.Ctl.Commands.MeshctlCommand.RunAsync(args, Console.Out, Console.Error);
